/**
 * The long-lived token of service account cattle-system/cattle (tunnel.md 2.2, step 3): it goes into the tunnel
 * parameters, as Rancher's agent sends it, so that the server can later speak to the apiserver over the main session.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "./config.ts";
import type { KubeCall } from "./kube-client.ts";

const namespace = "/api/v1/namespaces/cattle-system";
const accountPath = `${namespace}/serviceaccounts/cattle`;
const secretRef = "rancher.io/service-account.secret-ref";

interface Account {
  metadata?: { uid?: string; annotations?: Record<string, string> };
}

interface TokenSecret {
  metadata?: { name?: string };
  data?: { token?: string };
}

/** Throws ConfigError when the import manifest was not applied, Error when the cluster is not well (yet). */
export async function serviceAccountToken(call: KubeCall): Promise<string> {
  const account = await call("GET", accountPath);
  if (account.status === 404) {
    throw new ConfigError("service account cattle-system/cattle is missing: apply the import manifest first");
  }
  if (account.status === 401 || account.status === 403) {
    throw new ConfigError(
      `the cluster refuses to show service account cattle-system/cattle: HTTP ${account.status}`,
    );
  }
  if (account.status !== 200)
    throw new Error(`reading service account cattle-system/cattle: HTTP ${account.status}`);
  const reference = (account.body as Account).metadata?.annotations?.[secretRef];
  const known = reference?.split("/").at(-1);
  if (known !== undefined) {
    const token = await tokenOf(call, known);
    if (token !== undefined) return token;
  }
  return createToken(call);
}

async function createToken(call: KubeCall): Promise<string> {
  const made = await call("POST", `${namespace}/secrets`, {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: {
      generateName: "cattle-token-",
      annotations: { "kubernetes.io/service-account.name": "cattle" },
      labels: { "cattle.io/service-account.name": "cattle" },
    },
  });
  const name = (made.body as TokenSecret | undefined)?.metadata?.name;
  if (made.status !== 201 || name === undefined)
    throw new Error(`creating the account's token: HTTP ${made.status}`);
  await call(
    "PATCH",
    accountPath,
    { metadata: { annotations: { [secretRef]: `cattle-system/${name}` } } },
    "application/merge-patch+json",
  );
  // The controller manager fills the Secret; it takes milliseconds on a healthy cluster.
  for (let attempt = 0; attempt < 60; attempt++) {
    const token = await tokenOf(call, name);
    if (token !== undefined) return token;
    await sleep(500);
  }
  throw new Error(`the token of secret cattle-system/${name} did not appear within 30 s`);
}

async function tokenOf(call: KubeCall, secret: string): Promise<string | undefined> {
  const answer = await call("GET", `${namespace}/secrets/${secret}`);
  const token = answer.status === 200 ? (answer.body as TokenSecret).data?.token : undefined;
  return token === undefined || token === "" ? undefined : Buffer.from(token, "base64").toString("utf8");
}
