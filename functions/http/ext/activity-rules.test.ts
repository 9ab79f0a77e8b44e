import { describe, expect, it } from "vitest";
import type { Token } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { activityOf, newlySeen, requireOwnSession } from "./activity-rules.ts";

const now = Date.parse("2026-01-01T12:00:00.700Z");
const minute = 60_000;
const session: Token = {
  apiVersion: "management.cattle.io/v3",
  kind: "Token",
  metadata: { name: "ext/token-a", uid: "1", creationTimestamp: "2026-01-01T11:00:00Z" },
  userId: "u",
  userPrincipal: "local://u",
  authProvider: "local",
  isDerived: false,
  ttl: 0,
};
const at = (activityLastSeenAt: string): Token => ({ ...session, activityLastSeenAt });

describe("what is noted", () => {
  it.each([
    ["now, where no time is given", session, undefined, "2026-01-01T12:00:00Z"],
    ["now, in place of the future", session, "2026-01-01T13:00:00Z", "2026-01-01T12:00:00Z"],
    ["a time that is past, in UTC", session, "2026-01-01T12:30:00+01:00", "2026-01-01T11:30:00Z"],
    ["nothing that is older than is known", at("2026-01-01T11:40:00Z"), "2026-01-01T11:30:00Z", undefined],
    ["nothing that is known", at("2026-01-01T11:40:00Z"), "2026-01-01T11:40:00Z", undefined],
  ])("is %s", (_what, token, seenAt, noted) => {
    const spec = seenAt === undefined ? {} : { seenAt };
    expect(newlySeen("token-a", { spec }, token, now)).toBe(noted);
  });

  it("is no text that is no time", () => {
    expect(() => newlySeen("token-a", { spec: { seenAt: "noon" } }, session, now)).toThrow("RFC 3339");
  });
});

describe("what is shown", () => {
  it("is when it ends unless its user is seen again", () => {
    expect(activityOf("token-a", at("2026-01-01T11:40:00Z"), 30 * minute)).toEqual({
      apiVersion: "ext.cattle.io/v1",
      kind: "UserActivity",
      metadata: { name: "token-a", uid: "1", creationTimestamp: "2026-01-01T11:00:00Z" },
      spec: { seenAt: "2026-01-01T11:40:00Z" },
      status: { expiresAt: "2026-01-01T12:10:00Z" },
    });
  });

  it("is nothing before he was seen", () => {
    expect(activityOf("token-a", session, minute)).toMatchObject({ spec: {}, status: { expiresAt: "" } });
  });
});

describe("whose session it may be", () => {
  const judged =
    (token: Token, asking: Token | undefined = session) =>
    (): void =>
      requireOwnSession("token-a", token, asking, { now, idleMs: minute });

  it("is the asking user's, while it lives", () => {
    expect(judged(session, { ...session, isDerived: true })).not.toThrow();
    expect(judged(at("2026-01-01T11:59:30Z"))).not.toThrow();
  });

  it.each([
    ["another user's", { ...session, userId: "v" }],
    ["of another provider", { ...session, authProvider: "github" }],
    ["of another principal", { ...session, userPrincipal: "local://v" }],
    ["no session", { ...session, isDerived: true }],
    ["disabled", { ...session, enabled: false }],
    ["over", { ...session, ttl: minute }],
    ["over, having been idle", at("2026-01-01T11:58:00Z")],
  ])("is none that is %s", (_what, token) => {
    expect(judged(token)).toThrow('useractivities.ext.cattle.io "token-a" is forbidden');
  });

  it("is none of somebody whose token has gone", () => {
    expect(() => requireOwnSession("token-a", session, undefined, { now, idleMs: minute })).toThrow(
      "forbidden",
    );
  });
});
