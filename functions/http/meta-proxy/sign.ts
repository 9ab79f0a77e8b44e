/** Signs a request to a third party with a cloud credential (tunnel.md 4.8): the secret leaves for that party alone. */
import { ApiError } from "../errors.ts";
import type { AuthLine } from "./auth-line.ts";
import { serviceAndRegion, sha256, signAws } from "./aws.ts";
import type { Destination } from "./destination.ts";
import { answerChallenge } from "./digest.ts";
import { mayGoOut } from "./headers.ts";

export interface ToSign {
  readonly method: string;
  readonly destination: Destination;
  /** Changed in place. */
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly secret: ReadonlyMap<string, string>;
  /** Sends what a challenge is asked with. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Throws `BadRequest` for a field that the credential lacks, and where a digest is not what the server wants. */
export async function sign({ signer, fields }: AuthLine, request: ToSign): Promise<void> {
  const { headers } = request;
  const secretOf = (name: string): string => {
    const value = request.secret.get(name);
    if (value === undefined) throw new ApiError("BadRequest", `the credential has no field ${name}`);
    return value;
  };
  const named = (field: string): string => secretOf(fields.get(field) ?? "");
  switch (signer) {
    case "bearer":
      headers.set("authorization", `Bearer ${named("passwordField")}`);
      return;
    case "basic": {
      const pair = new TextEncoder().encode(`${named("usernameField")}:${named("passwordField")}`);
      headers.set("authorization", `Basic ${btoa(String.fromCharCode(...pair))}`);
      return;
    }
    case "arbitrary":
      for (const term of (fields.get("headers") ?? "").split(",")) {
        const at = term.indexOf("=");
        if (at <= 0 || !mayGoOut(term.slice(0, at)))
          throw new ApiError("BadRequest", "headers has the form Name=value,Name=value");
        headers.set(term.slice(0, at), term.slice(at + 1));
      }
      return;
    case "awsv4":
      await signForAws(request, { accessKey: secretOf("accessKey"), secretKey: secretOf("secretKey") });
      return;
    case "digest":
      headers.set(
        "authorization",
        await digest(request, { username: named("usernameField"), password: named("passwordField") }),
      );
      return;
    default:
      signer satisfies never;
  }
}

async function signForAws(
  { method, destination, headers, body }: ToSign,
  keys: { accessKey: string; secretKey: string },
): Promise<void> {
  const { host, port, path, query } = destination;
  const payloadHash = await sha256(body ?? "");
  headers.set("x-amz-date", new Date().toISOString().replaceAll(/[:-]|\.\d+/g, ""));
  headers.set("x-amz-content-sha256", payloadHash);
  const signed: Record<string, string> = { host: port === "" ? host : `${host}:${port}` };
  for (const name of ["x-amz-date", "x-amz-content-sha256", "x-amz-user-agent"]) {
    const value = headers.get(name);
    if (value !== null) signed[name] = value;
  }
  const { service, region } = serviceAndRegion(host);
  const request = { method, path, query, headers: signed, payloadHash, service, region };
  headers.set("authorization", await signAws(request, keys));
}

async function digest(
  { method, destination, fetch }: ToSign,
  { username, password }: { username: string; password: string },
): Promise<string> {
  const asked = await fetch(destination.url, { method, headers: { "content-type": "application/json" } });
  await asked.body?.cancel();
  const cnonce = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const uri = destination.path + destination.query;
  const answer =
    asked.status === 401
      ? answerChallenge(asked.headers.get("www-authenticate") ?? "", {
          method,
          uri,
          username,
          password,
          cnonce,
        })
      : { problem: `it answered ${asked.status} instead of a challenge` };
  if ("problem" in answer)
    throw new ApiError("BadRequest", `${destination.host} cannot be signed for: ${answer.problem}`);
  return answer.value;
}
