/** The signer of an invocation, and the issuer in whose name it signs. */
import { once } from "../../../schema/structural/once.ts";
import type { Env } from "../../env.ts";
import type { Settings } from "../../settings/settings.ts";
import { openSql } from "../../store/open-sql.ts";
import { sealerOf } from "../../store/sealer-of.ts";
import { createSigner } from "./signer.ts";
import type { Signer } from "./signer.ts";

/** Its connection is opened only where the isolate remembers no keys. */
export function signerOf(env: Env): Signer {
  return createSigner(
    once(() => openSql(env)),
    sealerOf(env),
  );
}

/** For as long as the server has no URL that verifiers could reach: what Kubernetes' own installers write. */
const noUrl = "https://kubernetes.default.svc.cluster.local";

/** OpenID Connect wants an https URL, below which the discovery document is found. */
export async function issuerOf(settings: Pick<Settings, "serverUrl">): Promise<string> {
  const url = await settings.serverUrl();
  return url !== undefined && /^https:\/\/[^?#]+$/.test(url) ? url : noUrl;
}
