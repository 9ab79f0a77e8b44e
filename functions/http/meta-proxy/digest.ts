/** HTTP Digest (RFC 7616) with MD5 or SHA-256 and qop `auth` or none: the answer to a server's challenge. */
import { createHash } from "node:crypto";

export interface DigestInput {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly uri: string;
  readonly username: string;
  readonly password: string;
  readonly cnonce: string;
}

const parameter = /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi;

/** The value of `Authorization`, or what is wrong with the challenge (`WWW-Authenticate`). */
export function answerChallenge(
  challenge: string,
  input: DigestInput,
): { value: string } | { problem: string } {
  if (!/^digest\s/i.test(challenge)) return { problem: "it asks for no digest" };
  const given = new Map(
    [...challenge.slice(7).matchAll(parameter)].map(([, name = "", quoted, bare]): [string, string] => [
      name.toLowerCase(),
      (quoted ?? bare ?? "").replaceAll(/\\(.)/g, "$1"),
    ]),
  );
  const algorithm = given.get("algorithm") ?? "MD5";
  const hash = { md5: "md5", "sha-256": "sha256" }[algorithm.toLowerCase()];
  if (hash === undefined) return { problem: `it wants the algorithm ${algorithm}` };
  const qop = given
    .get("qop")
    ?.split(",")
    .map((each) => each.trim());
  if (qop !== undefined && !qop.includes("auth")) return { problem: `it wants qop ${qop.join()}` };
  const hashed = (...parts: string[]): string => createHash(hash).update(parts.join(":")).digest("hex");
  const { method, uri, username, password, cnonce } = input;
  const realm = given.get("realm") ?? "";
  const nonce = given.get("nonce") ?? "";
  const secret = hashed(username, realm, password);
  const request = hashed(method, uri);
  const response =
    qop === undefined
      ? hashed(secret, nonce, request)
      : hashed(secret, nonce, count, cnonce, "auth", request);
  const opaque = given.get("opaque");
  return {
    value: `Digest ${[
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      ...(given.has("algorithm") ? [`algorithm=${algorithm}`] : []),
      `response="${response}"`,
      ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
      ...(qop === undefined ? [] : ["qop=auth", `nc=${count}`, `cnonce="${cnonce}"`]),
    ].join(", ")}`,
  };
}

/** A challenge is answered once. */
const count = "00000001";

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
