import { describe, expect, it } from "vitest";
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import { idleEnd, tokenProblem } from "./token-validity.ts";

const seen = Date.parse("2026-01-01T12:00:00Z");
const minute = 60_000;
const session = {
  apiVersion: "management.cattle.io/v3",
  kind: "Token",
  metadata: { name: "token-a", creationTimestamp: "2026-01-01T11:00:00Z" },
  userId: "u",
  isDerived: false,
  ttl: 0,
  activityLastSeenAt: "2026-01-01T12:00:00Z",
} as const satisfies Token;

describe("a session whose user's activity is recorded", () => {
  it("auth 15: lives for the idle time after it, to the millisecond", () => {
    expect(tokenProblem(session, seen + minute, minute)).toBeUndefined();
    expect(tokenProblem(session, seen + minute + 1, minute)).toBe("idle");
    expect(idleEnd(session, minute)).toBe(seen + minute);
  });

  it("ends by its time, too, however active he is", () => {
    const short = { ...session, ttl: 60 * minute };
    expect(tokenProblem(short, seen, 960 * minute)).toBe("expired");
  });

  it("has ended when nobody can read when that was", () => {
    expect(tokenProblem({ ...session, activityLastSeenAt: "yesterday" }, seen, minute)).toBe("idle");
  });
});

describe("idle time ends nothing", () => {
  it.each([
    ["of a session without activity", { ...session, activityLastSeenAt: "" }, minute],
    ["of a token that is no session", { ...session, isDerived: true }, minute],
    ["without a limit", session, Infinity],
  ])("%s", (_what, token, idleMs) => {
    expect(tokenProblem(token, seen + 1e12, idleMs)).toBeUndefined();
    expect(idleEnd(token, idleMs)).toBeUndefined();
  });
});
