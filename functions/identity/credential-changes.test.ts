import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../schema/object.ts";
import { toBase64 } from "../../schema/resources/core/secrets.ts";
import { changesIdentities } from "./credential-changes.ts";

const tokens = "tokens.management.cattle.io";
const token = {
  metadata: { name: "token-a", uid: "1", resourceVersion: "4", labels: {} },
  token: "$3:1:salt:hash",
  userId: "u",
  ttl: 5,
  activityLastSeenAt: "2026-01-01T00:00:00Z",
};
const secret = {
  metadata: { name: "token-a", namespace: "cattle-tokens", labels: { "cattle.io/kind": "token" } },
  data: { enabled: toBase64("true"), hash: toBase64("$3:1:a:b"), "last-activity-seen": "" },
};
const changes = (type: string, before: object | undefined, after: object | undefined, raise: string[] = []) =>
  changesIdentities({
    type,
    before: before as KubeObject | undefined,
    after: after as KubeObject | undefined,
    raise,
  });

describe("a commit empties the identity cache", () => {
  it("when a credential changes or goes, or rights do", () => {
    expect(changes(tokens, token, { ...token, enabled: false })).toBe(true);
    expect(changes(tokens, token, { ...token, token: "$3:1:other:hash" })).toBe(true);
    const going = { ...token.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(changes(tokens, token, { ...token, metadata: going })).toBe(true);
    expect(changes(tokens, token, undefined)).toBe(true);
    const disabled = { ...secret.data, enabled: toBase64("false") };
    expect(changes("secrets", secret, { ...secret, data: disabled })).toBe(true);
    expect(changes("secrets", secret, undefined)).toBe(true);
    expect(changes("configmaps", undefined, secret, ["rbac"])).toBe(true);
  });

  it("not when a token was only seen to be used, or is new", () => {
    const seen = { activityLastSeenAt: "2026-01-01T00:01:00Z", lastUsedAt: "2026-01-01T00:01:00Z" };
    const metadata = { ...token.metadata, resourceVersion: "5", managedFields: [{}] };
    expect(changes(tokens, token, { ...token, ...seen, metadata })).toBe(false);
    expect(changes(tokens, undefined, token)).toBe(false);
    const data = { ...secret.data, "last-activity-seen": toBase64("2026-01-01T00:01:00Z") };
    expect(changes("secrets", secret, { ...secret, data })).toBe(false);
    // Whatever else a Secret holds may be somebody's token.
    const other = { ...secret, metadata: { name: "a", namespace: "default" } };
    expect(changes("secrets", other, { ...other, data })).toBe(true);
  });
});
