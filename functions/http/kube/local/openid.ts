/**
 * OpenID Connect discovery of the issuer of service account tokens, as kube-apiserver serves it: for programs that verify
 * such tokens themselves. ClusterRole `system:service-account-issuer-discovery` gives it to service accounts.
 */
import { algorithm } from "../../../identity/service-accounts/signer.ts";
import { issuerOf, signerOf } from "../../../identity/service-accounts/signer-of.ts";
import type { AppContext } from "../../context.ts";

export const openIdConfigurationPath = "/.well-known/openid-configuration";
export const openIdKeysPath = "/openid/v1/jwks";

/** The same at the root and under `/k8s/clusters/local`. Rights on the path have been judged. */
export async function openIdDocument(c: AppContext, path: string): Promise<Response> {
  if (path === openIdKeysPath) return json(await publicKeys(c), "application/jwk-set+json");
  const issuer = await issuerOf(c.get("settings"));
  return json(
    {
      issuer,
      jwks_uri: `${(await c.get("settings").serverUrl()) ?? c.get("origin")}${openIdKeysPath}`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [algorithm],
    },
    "application/json",
  );
}

/** Those that sign, that will, and that have signed tokens which still live. */
async function publicKeys(c: AppContext): Promise<object> {
  const { keys } = await signerOf(c.env).keySet();
  return {
    keys: keys.map(({ kid, jwk: { kty, n, e } }) => ({ use: "sig", kty, kid, alg: algorithm, n, e })),
  };
}

function json(value: object, contentType: string): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": contentType } });
}
