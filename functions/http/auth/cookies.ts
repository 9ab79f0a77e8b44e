/** The session cookie (auth.md 1.4) and how all cookies of ours are cleared (1.6): with the attributes they were set with. */
import { sessionCookie } from "../../identity/bearer.ts";

const attributes = "Path=/; HttpOnly; Secure; SameSite=Lax";

export function sessionCookieOf(bearer: string): string {
  return `${sessionCookie}=${bearer}; ${attributes}`;
}

/** One `Set-Cookie` value per cookie. */
export function clearedCookies(): string[] {
  const gone = "Max-Age=0; Expires=Wed, 10 Feb 1982 00:00:00 GMT";
  return [sessionCookie, "CSRF", "R_OIDC_ID", "R_AZUREAD_ID"].map(
    (name) => `${name}=; ${gone}; ${attributes}`,
  );
}
