import { describe, expect, it } from "vitest";
import { secretText, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import type { ClusterRegistrationToken } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { countingTokens } from "../../http/clusters/token-times.ts";
import { rotated, rotationDue } from "./rotation.ts";

const hour = 60 * 60_000;
const start = Date.parse("2026-11-30T12:00:00Z");

const tokenOf = (
  spec: Partial<ClusterRegistrationToken["spec"]>,
  status: ClusterRegistrationToken["status"] = {},
): ClusterRegistrationToken => ({
  apiVersion: "management.cattle.io/v3",
  kind: "ClusterRegistrationToken",
  metadata: { name: "default-token", namespace: "c-x" },
  spec: { clusterName: "c-x", ...spec },
  status,
});
const secretOf = (texts: Record<string, string>): Pick<Secret, "data"> => ({
  data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, toBase64(text)])),
});
const texts = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.keys(data ?? {}).map((key) => [key, secretText({ data: data ?? {} }, key)]));

describe("rotation of a registration token", () => {
  it("leaves a token alone that has no life to end and was not asked for", () => {
    expect(
      rotated(tokenOf({}), secretOf({ token: "first" }), { now: start, fresh: "second" }),
    ).toBeUndefined();
    expect(rotationDue(tokenOf({}), secretOf({ token: "first" }))).toBe(Number.POSITIVE_INFINITY);
  });

  it("begins a token's life when it is given one, and replaces it a tenth before its end", () => {
    const token = tokenOf({ ttl: 600, gracePeriod: 30 });
    const living = rotated(token, secretOf({ token: "first" }), { now: start, fresh: "second" });
    expect(texts(living)).toEqual({ token: "first", expiresAt: "2026-11-30T22:00:00.000Z" });
    const secret = { data: living ?? {} };
    expect(rotationDue(token, secret)).toBe(start + 9 * hour);
    expect(rotated(token, secret, { now: start + 9 * hour - 1, fresh: "second" })).toBeUndefined();
    const next = rotated(token, secret, { now: start + 9 * hour, fresh: "second" });
    expect(texts(next)).toEqual({
      token: "second",
      previousToken: "first",
      expiresAt: "2026-12-01T07:00:00.000Z",
      gracePeriodExpiresAt: "2026-11-30T21:30:00.000Z",
    });
    const counting = (now: number): string[] =>
      countingTokens({ data: next ?? {} }, now).map(({ text }) => text);
    expect(counting(start + 9 * hour)).toEqual(["second", "first"]);
    expect(counting(start + 9.5 * hour)).toEqual(["second"]);
    expect(counting(start + 19 * hour)).toEqual([]);
  });

  it("replaces a token once for each wish, with three hours of grace if none are said", () => {
    const asked = tokenOf({}, { rotation: "wish1" });
    const next = rotated(asked, secretOf({ token: "first" }), { now: start, fresh: "second" });
    expect(texts(next)).toEqual({
      token: "second",
      previousToken: "first",
      gracePeriodExpiresAt: "2026-11-30T15:00:00.000Z",
      rotation: "wish1",
    });
    expect(rotated(asked, { data: next ?? {} }, { now: start + 1, fresh: "third" })).toBeUndefined();
    const again = tokenOf({}, { rotation: "wish2" });
    expect(texts(rotated(again, { data: next ?? {} }, { now: start + 1, fresh: "third" }))).toMatchObject({
      token: "third",
      previousToken: "second",
    });
  });

  it("takes a time that cannot be read for one that is over", () => {
    expect(countingTokens(secretOf({ token: "first", expiresAt: "soon" }), start)).toEqual([]);
  });
});
