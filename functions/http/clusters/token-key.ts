/** Short hashes in names of downstream objects (tunnel.md 3). Pure. */
import { sha256Hex } from "../../../schema/auth/token-secret.ts";

/** Ten hex digits that change with the URL, the token or the namespace (empty in the import manifest). */
export async function tokenKey(url: string, token: string, namespace = ""): Promise<string> {
  return (await sha256Hex(`${url}.${token}.${namespace}`)).slice(0, 10);
}

/** Hex SHA-256 of the CA's PEM with exactly one newline at its end; empty for none (tunnel.md 2.9). */
export async function caChecksum(cacerts: string): Promise<string> {
  const pem = cacerts.trim();
  return pem === "" ? "" : sha256Hex(`${pem}\n`);
}
