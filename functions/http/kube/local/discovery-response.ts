/** Answers to requests for discovery documents: negotiated, tagged, 304 for a client that has them. */
import { aggregatedDiscovery, discoveryTag, legacyDiscovery } from "./discovery.ts";
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
  const document = legacyDiscovery(types, path, serverAddress);
  if (document === undefined) return "NotFound";
  const format = negotiateFormat(accept, query, userAgent);
  if (format === undefined) return "NotAcceptable";
  return respond(request, renderText(document, format), { contentType: format.contentType });
}

/** Weak tags too: whoever compresses on the way makes ours weak. */
export function hasTag(headers: Headers, tag: string): boolean {
  const given = headers.get("if-none-match") ?? "";
  return given.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
