/** Answers to requests for discovery documents: negotiated, tagged, 304 for a client that has them. */
import { apiVersionOf } from "../../../../schema/resource.ts";
import { aggregatedDiscovery, discoveryTag, legacyDiscovery, verbsOf } from "./discovery.ts";
import type { DiscoveredType } from "./discovery.ts";
import { negotiateDiscovery, negotiateFormat } from "./negotiate.ts";
import { renderText, respond } from "./render.ts";

export interface DiscoveryRequest {
  readonly request: Pick<Request, "method" | "headers">;
  /** As in `NonResourceRequest`: below the API's prefix, without a trailing slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `host:port` that the client called. */
  readonly serverAddress: string;
}

/** `NotFound` (404) also for paths that are no discovery documents; `NotAcceptable` is 406. */
export async function discoveryResponse(
  types: readonly DiscoveredType[],
  { request, path, query, serverAddress }: DiscoveryRequest,
): Promise<Response | "NotFound" | "NotAcceptable"> {
  const accept = request.headers.get("accept");
  const userAgent = request.headers.get("user-agent") ?? "";
  if (path === "/api" || path === "/apis") {
    const output = negotiateDiscovery(accept, query, userAgent);
    if (output === undefined) return "NotAcceptable";
    if (output.aggregated) {
      const document = aggregatedDiscovery(types, path);
      const tag = await discoveryTag(document);
      // Ours: not `public`, as kube-apiserver has it, since nothing here is for strangers.
      const headers = { etag: tag, vary: "Accept", "cache-control": "no-cache, private" };
      if (hasTag(request.headers, tag)) return new Response(null, { status: 304, headers });
      return respond(request, renderText(document, output), { contentType: output.contentType, headers });
    }
  }
  const older = legacyDiscovery(types, path, serverAddress);
  if (older === undefined) return "NotFound";
  const document = await withStorageHashes(older, types);
  const format = negotiateFormat(accept, query, userAgent);
  if (format === undefined) return "NotAcceptable";
  return respond(request, renderText(document, format), { contentType: format.contentType });
}

/** By these, clients that migrate stored objects see that the storage version of a type has changed. Questions are not stored. */
async function withStorageHashes(document: object, types: readonly DiscoveredType[]): Promise<object> {
  if (!("resources" in document) || !("groupVersion" in document)) return document;
  const resources = document.resources as readonly { readonly name: string; readonly kind: string }[];
  const hashed = resources.map(async (resource) => {
    const type = types.find(
      ({ plural, ...of }) => plural === resource.name && apiVersionOf(of) === document.groupVersion,
    );
    if (type === undefined || !verbsOf(type).includes("get")) return resource;
    const { group, version } = type.view?.of ?? type;
    const storedAs = type.custom?.storedAs ?? `${group}/${version}`;
    return { ...resource, storageVersionHash: await hashOf(`${storedAs}/${resource.kind}`) };
  });
  return { ...document, resources: await Promise.all(hashed) };
}

/** Of `group/version/kind`, as k8s.io/apiserver makes it. */
async function hashOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(hash).subarray(0, 8)));
}

/** Weak tags too: whoever compresses on the way makes ours weak. */
export function hasTag(headers: Headers, tag: string): boolean {
  const given = headers.get("if-none-match") ?? "";
  return given.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
