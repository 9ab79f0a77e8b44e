import { describe, expect, it } from "vitest";
import {
  identityNamespacePath,
  identityOf,
  identitySecretPath,
} from "../../schema/internal/cluster-identity.ts";
import { proveIdentity, proveRegistration } from "./proof.ts";
import type { Ask } from "./proof.ts";

const clusterId = "c-x";
const namespace = { kind: "Namespace", metadata: { name: "kube-system", uid: "uid-1" } };
const secret = { kind: "Secret", data: { key: "a2V5" } };

/** A cluster that answers so; everything else is 404. */
const cluster =
  (answers: Readonly<Record<string, { status?: number; body?: unknown }>>): Ask =>
  async (method, path) => {
    const answer = answers[path];
    if (answer === undefined) return { status: 404, body: { kind: "Status" } };
    return { status: answer.status ?? (method === "POST" ? 201 : 200), body: answer.body };
  };

describe("the proof that a session is of its cluster", () => {
  const prove = async (answers: Parameters<typeof cluster>[0]) =>
    proveIdentity(cluster(answers), clusterId, await identityOf("uid-1", "a2V5"));
  const whole = {
    [identityNamespacePath]: { body: namespace },
    [identitySecretPath(clusterId)]: { body: secret },
  };

  it("is the namespace's uid and the key", async () => {
    expect(await prove(whole)).toEqual({ kind: "proven" });
  });

  it("fails for another cluster, for one without the key, and for one that says nothing that makes sense", async () => {
    const other = { ...namespace, metadata: { uid: "uid-2" } };
    expect(await prove({ ...whole, [identityNamespacePath]: { body: other } })).toEqual({
      kind: "refused",
      reason: "another cluster: kube-system has uid uid-2",
    });
    for (const body of [undefined, "text", null, { data: {} }, { data: { key: "b3RoZXI=" } }, { data: 1 }])
      expect(await prove({ ...whole, [identitySecretPath(clusterId)]: { body } })).toEqual({
        kind: "refused",
        reason: "it does not have the key that Drover left in the cluster",
      });
    expect(await prove({ [identityNamespacePath]: { body: namespace } })).toMatchObject({ kind: "refused" });
    expect(await prove({})).toMatchObject({ kind: "refused" });
  });

  it("is still to come while the cluster is ill or forbids it", async () => {
    for (const status of [401, 403, 429, 500, 502, 503])
      expect(await prove({ ...whole, [identitySecretPath(clusterId)]: { status } })).toEqual({
        kind: "unknown",
        reason: `the cluster answers with status ${status}`,
      });
  });
});

describe("the proof that a registration is true", () => {
  const pem = (body: string): string => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  const reviewPath = "/apis/authentication.k8s.io/v1/tokenreviews";
  const rootPath = `${identityNamespacePath}/configmaps/kube-root-ca.crt`;
  const review = (username: string, authenticated = true) => ({
    body: { status: { authenticated, user: { username } } },
  });
  const account = "system:serviceaccount:cattle-system:cattle";
  const root = { body: { data: { "ca.crt": pem("QUFB\nQUFB") + pem("QkJC") } } };
  const prove = (answers: Parameters<typeof cluster>[0], caCert = btoa(pem("QUFBQUFB"))) =>
    proveRegistration(cluster(answers), { apiEndpoint: "https://10.43.0.1:443", caCert, token: "tok" });

  it("is that the token is the agent's account's, and the CA one that the cluster's pods trust", async () => {
    expect(await prove({ [reviewPath]: review(account), [rootPath]: root })).toEqual({ kind: "proven" });
  });

  it("fails with another's token or another CA", async () => {
    const token = { kind: "refused", reason: "its token is not of the agent's account in the cluster" };
    for (const answer of [review("system:admin"), review(account, false), { body: {} }])
      expect(await prove({ [reviewPath]: answer, [rootPath]: root })).toEqual(token);
    for (const caCert of [btoa(pem("Q0ND")), btoa(pem("QUFBQUFB") + pem("Q0ND")), btoa("CA"), "!!"])
      expect(await prove({ [reviewPath]: review(account), [rootPath]: root }, caCert)).toEqual({
        kind: "refused",
        reason: "its CA is not the cluster's",
      });
  });

  it("is still to come while the cluster does not answer so", async () => {
    expect(await prove({ [rootPath]: root })).toMatchObject({ kind: "unknown" });
    expect(await prove({ [reviewPath]: review(account) })).toMatchObject({ kind: "unknown" });
  });
});
