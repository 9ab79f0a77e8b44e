/** What describes the API rather than its objects: discovery, OpenAPI, version, health. Rights on its path have been judged. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import type { AppContext } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { metricsAnswer } from "../../metrics/app.ts";
import { discoveryResponse } from "./discovery-response.ts";
import { groupVersionPath, openApiDocument, openApiPaths } from "./openapi.ts";
import { openApiV2Response } from "./openapi-v2-response.ts";
import { renderText, respond } from "./render.ts";
import { health } from "./health.ts";
import { openIdConfigurationPath, openIdDocument, openIdKeysPath } from "./openid.ts";
import type { NonResourceRequest } from "./request-info.ts";
import { versionInfo } from "./version.ts";

const openApiRoot = "/openapi/v3";
const json = { format: "json", pretty: false } as const;

export async function documents(
  c: AppContext,
  { verb, path }: NonResourceRequest,
  query: URLSearchParams,
): Promise<Response> {
  if (verb !== "get" && verb !== "head")
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
  const request = c.req.raw;
  if (path === openApiRoot || path.startsWith(`${openApiRoot}/`)) return openApi(c, path);
  switch (path) {
    case "/openapi/v2": {
      const version = c.env.DROVER_VERSION ?? "";
      const types = (await c.get("store").types.current()).all();
      return openApiV2Response(types, { request, version, hash: hashOf(types, version) });
    }
    case "/version":
      return respond(request, renderText(versionInfo(c.env.DROVER_VERSION ?? ""), json), {
        contentType: "application/json",
      });
    case openIdConfigurationPath:
    case openIdKeysPath:
      return openIdDocument(c, path);
    case "/metrics":
      return metricsAnswer(c);
    case "/":
      return index(c);
    default: {
      const healthy = await health(c, path, query);
      if (healthy !== undefined) return healthy;
      const serverAddress = new URL(c.get("origin")).host;
      const types = (await c.get("store").types.current()).all();
      const answer = await discoveryResponse(types, { request, path, query, serverAddress });
      if (answer === "NotFound") throw notFound();
      if (answer === "NotAcceptable")
        throw new ApiError("NotAcceptable", "only application/json and application/yaml are served");
      return answer;
    }
  }
}

/** Clients keep a document for as long as the index names it by the same hash. */
async function openApi(c: AppContext, path: string): Promise<Response> {
  const version = c.env.DROVER_VERSION ?? "";
  const name = path.slice(openApiRoot.length + 1);
  const types = (await c.get("store").types.current()).all();
  const document = name === "" ? openApiIndex(types, version) : openApiDocument(types, name, version);
  if (document === undefined) throw notFound();
  return respond(c.req.raw, renderText(document, json), { contentType: "application/json" });
}

/** The paths that there are, for people who look around. */
async function index(c: AppContext): Promise<Response> {
  const types = (await c.get("store").types.current()).all();
  const versions = openApiPaths(types).map((path) => `/${path}`);
  const groups = versions.map((path) => path.slice(0, path.lastIndexOf("/")));
  const paths = [...new Set([...versions, ...groups, ...standing])].toSorted();
  return respond(c.req.raw, renderText({ paths }, json), { contentType: "application/json" });
}

const standing: readonly string[] = [
  openIdConfigurationPath,
  openIdKeysPath,
  "/apis",
  "/healthz",
  "/livez",
  "/metrics",
  "/openapi/v2",
  openApiRoot,
  "/readyz",
  "/version",
];

function openApiIndex(types: readonly ResourceDefinition[], version: string): object {
  const paths = openApiPaths(types).map((path) => [
    path,
    {
      serverRelativeURL: `${openApiRoot}/${path}?hash=${encodeURIComponent(
        hashOf(
          types.filter((type) => groupVersionPath(type) === path),
          version,
        ),
      )}`,
    },
  ]);
  return { paths: Object.fromEntries(paths) as object };
}

/** Declared types change with the version of Drover, a user's with its CustomResourceDefinition. */
function hashOf(types: readonly ResourceDefinition[], version: string): string {
  const custom = types.filter((type) => type.custom !== undefined);
  return [version, ...custom.map((type) => `${type.plural}-${type.custom?.since ?? 0}`)].join("_");
}

export function notFound(): ApiError {
  return new ApiError("NotFound", "the server could not find the requested resource");
}
