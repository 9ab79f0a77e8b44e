import { describe, expect, it } from "vitest";
import { toBase64 } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { secretOfToken } from "../../schema/resources/ext.cattle.io/token-rows.ts";
import { asToken, fullName } from "./token-records.ts";
import { tokenFacts, tokenProblem } from "./token-validity.ts";

const created = "2026-11-30T10:00:00Z";
const at = Date.parse(created);
const hash = `$3:1:${"A".repeat(11)}:${"B".repeat(86)}`;

/** A Secret as the store holds it, with data in place of what a token's has. */
function secret(
  data: Readonly<Record<string, string>> = {},
  labels: Readonly<Record<string, string>> = {},
): Secret {
  const userPrincipal = { name: "local://u-ann", provider: "local" };
  const spec = { userID: "u-ann", userPrincipal, kind: "", ttl: 60_000 };
  const token = { apiVersion: "ext.cattle.io/v1", kind: "Token", metadata: { name: "" }, spec };
  const row = secretOfToken(token, { name: "token-abcde", hash, now: new Date(at) });
  return {
    ...row,
    metadata: {
      ...row.metadata,
      uid: "u1",
      creationTimestamp: created,
      labels: { ...row.metadata.labels, ...labels },
    },
    data: {
      ...row.data,
      ...Object.fromEntries(Object.entries(data).map(([key, text]) => [key, toBase64(text)])),
    },
  };
}

const problem = (data: Readonly<Record<string, string>>, now = at): unknown => {
  const token = asToken(secret(data));
  return token === undefined ? "no token" : tokenProblem(token, now, Infinity);
};

describe("a token of ext.cattle.io", () => {
  it("is one among all, under a name of its own", () => {
    const token = asToken(secret({ cluster: "c-x" }));
    expect(token).toMatchObject({ token: hash, userId: "u-ann", isDerived: true, clusterName: "c-x" });
    expect(token && tokenFacts(token)).toEqual({
      name: fullName({ kind: "ext", name: "token-abcde" }),
      kind: "api",
      clusterName: "c-x",
      expiresAt: at + 60_000,
      authProvider: "local",
      proof: `u1 ${hash.slice(0, hash.lastIndexOf(":"))}`,
    });
  });

  it("auth 15: expires by its own rules, and at once where they cannot be read", () => {
    expect(problem({}, at + 59_999)).toBeUndefined();
    expect(problem({}, at + 60_000)).toBe("expired");
    expect(problem({ ttl: "-1" }, at + 10 ** 12)).toBeUndefined();
    for (const ttl of ["0", "", "soon", "1e9", "9".repeat(20)])
      expect(problem({ ttl }, at + 1)).toBe("expired");
  });

  it("is nobody's where the Secret is not in order", () => {
    for (const enabled of ["false", "", "yes"]) expect(problem({ enabled })).toBe("disabled");
    for (const principal of ["", "{", "[]", '{"provider":"github"}'])
      expect(problem({ principal })).toBe("provider");
    expect(problem({ "user-id": "" })).toBe("no token");
    // The label decides who sees it, the sealed part who he is: they must agree.
    expect(problem({ "user-id": "u-admin" })).toBe("no token");
    expect(asToken(secret({}, { "cattle.io/user-id": "u-eve" }))).toBeUndefined();
    expect(asToken(secret({}, { "cattle.io/kind": "kubeconfig" }))).toBeUndefined();
    const elsewhere = secret();
    expect(
      asToken({ ...elsewhere, metadata: { ...elsewhere.metadata, namespace: "default" } }),
    ).toBeUndefined();
  });

  it("is a session only where its sealed part says so", () => {
    const label = { "authn.management.cattle.io/kind": "session" };
    const labelled = asToken(secret({}, label));
    expect(labelled && tokenFacts(labelled).kind).toBe("api");
    const kubeconfig = asToken(secret({ kind: "kubeconfig" }, label));
    expect(kubeconfig && tokenFacts(kubeconfig).kind).toBe("kubeconfig");
  });
});
