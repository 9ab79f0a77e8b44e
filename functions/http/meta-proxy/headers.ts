/** Headers of a request to a third party and of its answer (tunnel.md 4.8). Nothing that proves who the caller is here goes out. Pure. */

/** Ours, the edge's, the browser's about our pages, and hop-by-hop ones. */
const withheld =
  /^(?:host|authorization|cookie|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*|forwarded|via|origin|referer|true-client-ip|x-real-ip|cdn-loop|cf-.*|x-api-.*|x-cattle-.*|x-drover-.*|x-forwarded-.*|impersonate-.*|sec-.*)$/;

/**
 * `X-API-Auth-Header` becomes `Authorization`, `X-Api-Cookie-Header` becomes `Cookie`; the caller's own go nowhere. Values lose
 * `rancher:`, by which a browser's own rules for some headers are passed by.
 */
export function outgoingHeaders(caller: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of caller) if (!withheld.test(name)) headers.append(name, plain(value));
  const auth = caller.get("x-api-auth-header");
  const cookie = caller.get("x-api-cookie-header");
  if (auth !== null && auth !== "") headers.set("authorization", plain(auth));
  if (cookie !== null && cookie !== "") headers.set("cookie", plain(cookie));
  return headers;
}

/** Whether a header of this name may be set for a third party at all. */
export function mayGoOut(name: string): boolean {
  return name.toLowerCase() === "authorization" || !withheld.test(name.toLowerCase());
}

function plain(value: string): string {
  return value.replace(/^rancher:/, "");
}

/** What an answer could turn against this origin, where sessions live: cookies and a browser's standing orders. */
const kept =
  /^(?!set-cookie$|connection$|keep-alive$|transfer-encoding$|trailer$|upgrade$|proxy-|access-control-|alt-svc$|clear-site-data$|strict-transport-security$|service-worker-allowed$|www-authenticate$|content-security-policy|refresh$|report-to$|nel$)/;

export function answerHeaders(answer: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of answer) if (kept.test(name)) headers.append(name, value);
  for (const cookie of answer.getSetCookie()) headers.append("x-api-set-cookie-header", cookie);
  headers.set("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  headers.set("x-content-type-options", "nosniff");
  return headers;
}
