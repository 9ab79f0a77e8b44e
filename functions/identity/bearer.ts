/** Finds the caller's credential in a request (auth.md 3.5, points 1-3). Pure. */
import { parseTokenCredential } from "../../schema/auth/token-secret.ts";
import type { TokenCredential } from "../../schema/auth/token-secret.ts";

export const sessionCookie = "R_SESS";

/** `none`: nothing presented. `invalid`: something that can be no token of ours; both are 401 where identity is needed. */
export type Bearer =
  | { readonly state: "none" }
  | { readonly state: "invalid"; readonly via: "header" | "cookie" }
  | { readonly state: "token"; readonly via: "header" | "cookie"; readonly credential: TokenCredential }
  /** Looks like a JWT: of a service account, or of nobody. */
  | { readonly state: "jwt"; readonly via: "header"; readonly token: string };

const jwtPattern = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * The `Authorization` header if there is one (`Bearer` or `Basic`, any case), else of a WebSocket its subprotocol; cookies are
 * then ignored; else the cookie.
 */
export function extractBearer(headers: Headers): Bearer {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const [, token] = /^bearer +([^\s,]+)$/i.exec(authorization) ?? [];
    if (token !== undefined && jwtPattern.test(token)) return { state: "jwt", via: "header", token };
    return parsed(fromAuthorization(authorization), "header");
  }
  const spoken = protocolToken(headers);
  if (spoken !== undefined)
    return jwtPattern.test(spoken)
      ? { state: "jwt", via: "header", token: spoken }
      : parsed(spoken, "header");
  const values = cookieValues(headers.get("cookie") ?? "", sessionCookie);
  if (values.length === 0) return { state: "none" };
  // Two different sessions: a neighbouring host may have planted one, and the order says nothing.
  return new Set(values).size === 1 ? parsed(values[0], "cookie") : { state: "invalid", via: "cookie" };
}

const protocolPrefix = "base64url.bearer.authorization.k8s.io.";

/**
 * How browsers present a token with a WebSocket, for which they can set no header (k8s.io/apiserver): as a subprotocol
 * beside another one. Empty: something that is no token.
 */
function protocolToken(headers: Headers): string | undefined {
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") return undefined;
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const tokens = offered.filter((name) => name.startsWith(protocolPrefix));
  const [token] = tokens;
  if (token === undefined) return undefined;
  if (tokens.length > 1 || offered.length < 2) return "";
  return /^[\w-]*$/.test(token.slice(protocolPrefix.length))
    ? (decodeBase64(token.slice(protocolPrefix.length)) ?? "")
    : "";
}

function parsed(value: string | undefined, via: "header" | "cookie"): Bearer {
  const credential = value === undefined ? undefined : parseTokenCredential(value);
  return credential === undefined ? { state: "invalid", via } : { state: "token", via, credential };
}

function fromAuthorization(header: string): string | undefined {
  const [, scheme = "", value = ""] = /^([A-Za-z]+) +([^\s,]+)$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return value;
    case "basic":
      return decodeBase64(value);
    default:
      return undefined;
  }
}

/** Both alphabets, padding optional: upstream reads the URL-safe one, HTTP clients send the standard one. */
function decodeBase64(text: string): string | undefined {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return undefined;
  }
}

/** All values of a cookie name. Quotes stay: no token has any. */
export function cookieValues(header: string, name: string): string[] {
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}
