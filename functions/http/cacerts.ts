/** `GET /cacerts`: the CA that agents shall trust, with a proof for those who know a registration token (tunnel.md 2.2). */
import { findRegistrationToken } from "./clusters/registration-token.ts";
import { systemStore } from "./context.ts";
import type { AppContext } from "./context.ts";

/** PEM ending in one newline, or an empty body where the certificate is publicly trusted. */
export async function caAnswer(c: AppContext): Promise<Response> {
  const value = await c.get("settings").get("cacerts");
  const body = value === "" ? "" : `${value}\n`;
  const headers = new Headers({ "content-type": "text/plain; charset=utf-8" });
  const nonce = c.req.raw.headers.get("x-cattle-nonce");
  const tokenHash = sha256OfBearer(c.req.raw.headers.get("authorization"));
  if (nonce !== null && tokenHash !== undefined) {
    const found = await findRegistrationToken(systemStore(c, "cacerts"), tokenHash);
    if (found !== undefined) headers.set("x-cattle-hash", await proofOf(found.token, nonce, body));
  }
  return new Response(body, { headers });
}

/** `Bearer base64(sha256(token))` → lower-case hex, or `undefined`. */
function sha256OfBearer(authorization: string | null): string | undefined {
  const [, value] = /^Bearer ([A-Za-z0-9+/]{43}=)$/i.exec(authorization ?? "") ?? [];
  if (value === undefined) return undefined;
  return Array.from(atob(value), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** base64 of HMAC-SHA512 with the token as key over nonce, NUL, body, NUL. */
export async function proofOf(token: string, nonce: string, body: string): Promise<string> {
  const utf8 = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-512" };
  const key = await crypto.subtle.importKey("raw", utf8.encode(token), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, utf8.encode(`${nonce}\0${body}\0`));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}
