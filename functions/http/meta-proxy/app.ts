/**
 * `/meta/proxy/<scheme>:/<host>/<path>` (tunnel.md 4.8): lets pages of the dashboard ask a cloud's API, with a credential that
 * the page never sees. Only hosts of the list are asked; redirects are handed back, not followed.
 */
import { Hono } from "hono";
import { kontainerDrivers } from "../../../schema/resources/management.cattle.io/kontainer-drivers.ts";
import { nodeDrivers } from "../../../schema/resources/management.cattle.io/node-drivers.ts";
import { proxyEndpoints } from "../../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import { sessionCookie, cookieValues } from "../../identity/bearer.ts";
import { requireIdentity, systemStore } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { judge } from "./allowed-hosts.ts";
import { parseAuthLine } from "./auth-line.ts";
import { credentialFields } from "./credential.ts";
import { destinationOf } from "./destination.ts";
import type { Destination } from "./destination.ts";
import { answerHeaders, outgoingHeaders } from "./headers.ts";
import { sign } from "./sign.ts";

export const metaProxy = new Hono<AppEnv>().all("/meta/proxy/*", forward);

const prefix = "/meta/proxy/";
/** A signature covers the body, so it must be held. */
const maxSignedBody = 4 << 20;

async function forward(c: AppContext): Promise<Response> {
  requireIdentity(c);
  refuseForeignPages(c);
  const destination = destinationOf(c.get("target").slice(prefix.length));
  if (destination === undefined)
    throw new ApiError("BadRequest", "the path must be /meta/proxy/https:/host/path");
  const fetch = await fetcherFor(c, destination);

  const { raw } = c.req;
  const headers = outgoingHeaders(raw.headers);
  const line = raw.headers.get("x-api-cattleauth-header") ?? "";
  let body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null = raw.body;
  if (line !== "") {
    const auth = parseAuthLine(line);
    const credential = auth.fields.get("credID") ?? "";
    const secret = credential === "" ? new Map<string, string>() : await credentialFields(c, credential);
    const held = raw.body === null ? null : await heldBody(raw);
    body = held;
    await sign(auth, { method: raw.method, destination, headers, body: held, secret, fetch });
  }
  const { method, signal } = raw;
  const answer = await fetch(destination.url, { method, headers, body, signal });
  const bodiless = method === "HEAD" || [204, 205, 304].includes(answer.status);
  return new Response(bodiless ? null : answer.body, {
    status: answer.status,
    headers: answerHeaders(answer.headers),
  });
}

/** Throws `Forbidden` for a host that is not listed; what it returns asks nobody else, whatever the answer says. */
async function fetcherFor(
  c: AppContext,
  destination: Destination,
): Promise<(url: string, init: RequestInit) => Promise<Response>> {
  const verdict = judge(destination, await patterns(c));
  if (verdict === "refused") {
    throw new ApiError(
      "Forbidden",
      `${destination.host} is not on the list of the setting whitelist-domain, a ProxyEndpoint or a driver`,
    );
  }
  // Of the local runtime: the ordinary network of its Workers leads to public addresses alone, whatever a name resolves to.
  const network = verdict === "listed" ? c.env.LISTED_HOSTS : undefined;
  return async (url, init) => {
    try {
      const request = new Request(url, { ...init, redirect: "manual" });
      return await (network === undefined ? globalThis.fetch(request) : network.fetch(request));
    } catch (error) {
      throw new ApiError("ServiceUnavailable", `${destination.host} cannot be reached`, { cause: error });
    }
  };
}

async function patterns(c: AppContext): Promise<string[]> {
  const store = systemStore(c, "meta-proxy");
  const [setting, endpoints, nodes, kontainers] = await Promise.all([
    c.get("settings").get("whitelist-domain"),
    store.list(proxyEndpoints),
    store.list(nodeDrivers),
    store.list(kontainerDrivers),
  ]);
  const drivers = [...nodes.items, ...kontainers.items].filter(({ spec }) => spec?.active === true);
  return [
    ...setting.split(","),
    ...endpoints.items.flatMap(({ spec }) => (spec?.routes ?? []).map(({ domain }) => domain)),
    ...drivers.flatMap(({ spec }) => spec?.whitelistDomains ?? []),
  ];
}

/** A browser sends the session cookie along for whatever page asks: only our own may. */
function refuseForeignPages(c: AppContext): void {
  const { headers } = c.req.raw;
  if (cookieValues(headers.get("cookie") ?? "", sessionCookie).length === 0) return;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  const foreign =
    (site !== null && site !== "same-origin" && site !== "none") ||
    (origin !== null && origin !== c.get("origin"));
  if (foreign) throw new ApiError("Forbidden", "origin not allowed");
}

async function heldBody(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxSignedBody)
      throw new ApiError("PayloadTooLarge", `a body that is signed may have ${maxSignedBody} bytes`);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
