/** `GET /v3/import/<token>_<cluster>.yaml` (tunnel.md 3). Its credential is its name: it is never logged. */
import { Hono } from "hono";
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { constantTimeEqual } from "../../../schema/auth/constant-time.ts";
import { isImageReference } from "../../../schema/resources/management.cattle.io/setting-values.ts";
import { baseUrl, systemStore } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { agentBundle } from "./agent-bundle.ts";
import { manifestObjects } from "./manifest.ts";
import { findRegistrationToken } from "./registration-token.ts";
import { caChecksum, tokenKey } from "./token-key.ts";
import { toYaml } from "./yaml.ts";

export const importManifest = new Hono<AppEnv>().all("/v3/import/:file", (c) => answer(c));

/** A token has no `_`, so the name splits at its first one. */
const fileName = /^([A-Za-z0-9]+)_([a-z0-9][a-z0-9-]*)\.yaml$/;

async function answer(c: AppContext): Promise<Response> {
  const [, token, clusterId] = fileName.exec(c.req.path.slice(c.req.path.lastIndexOf("/") + 1)) ?? [];
  if (token === undefined || clusterId === undefined) throw new ApiError("NotFound", "not found");
  const found = await findRegistrationToken(systemStore(c, "import-manifest"), await sha256Hex(token));
  if (found === undefined || !sameText(found.clusterId, clusterId))
    throw new ApiError("BadRequest", "cluster not found or invalid token");

  const settings = c.get("settings");
  const serverUrl = await baseUrl(c);
  const cacerts = await settings.get("cacerts");
  const { spec = {} } = found.cluster;
  const query = new URLSearchParams(c.get("target").slice(c.req.path.length + 1));
  const authImage = query.get("authImage") ?? (await settings.get("auth-image"));
  if (authImage !== "" && !isImageReference(authImage))
    throw new ApiError("BadRequest", "invalid authImage - not an image reference");
  const wantsAuth = authImage !== "" && spec.localClusterAuthEndpoint?.enabled === true;
  const objects = manifestObjects({
    serverUrl,
    token,
    key: await tokenKey(serverUrl, token),
    caChecksum: await caChecksum(cacerts),
    // Strict verification needs a CA to verify with: without one the agent would never start (tunnel.md 6, row 27).
    strictVerify: cacerts !== "" && (await settings.get("agent-tls-mode")) === "strict",
    agentImage: firstText(spec.agentImageOverride, spec.desiredAgentImage, await settings.get("agent-image")),
    chartsImage: await settings.get("charts-image"),
    ...(wantsAuth ? { authImage } : {}),
    bundle: await agentBundle(),
    systemDefaultRegistry: await settings.get("system-default-registry"),
    serverVersion: await settings.get("server-version"),
    installUuid: await settings.get("install-uuid"),
    ingressIpDomain: await settings.get("ingress-ip-domain"),
    agentEnv: (spec.agentEnvVars ?? []).map(({ name, value, valueFrom }) => ({
      name,
      ...(value === undefined ? {} : { value }),
      ...(valueFrom === undefined ? {} : { valueFrom }),
    })),
  });
  return c.text(toYaml(objects));
}

function firstText(...values: readonly (string | undefined)[]): string {
  return values.find((value) => value !== undefined && value !== "") ?? "";
}

function sameText(one: string, other: string): boolean {
  const utf8 = new TextEncoder();
  return constantTimeEqual(utf8.encode(one), utf8.encode(other));
}
