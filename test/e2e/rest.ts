/** Requests to a Drover with any headers and any body, and answers with their headers: what `call` hides. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { expect } from "vitest";
import type { Drover } from "./drover.ts";

export interface Reply {
  readonly status: number;
  /** Lower-case names; repeated ones joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly text: string;
  /** The body as JSON; `{}` when it is none. */
  readonly json: Json;
}

/** A JSON object whose members a test compares without declaring them. */
export type Json = Readonly<Record<string, unknown>>;

export interface Ask {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** `request("POST /v3/users?action=x", { token, body })` */
export type Rest = (line: string, ask?: Ask) => Promise<Reply>;

export function restOf({ port, ca }: Drover): Rest {
  // Else a `host` header is what the certificate is checked for.
  return restAt({ host: "localhost", servername: "localhost", port, ca });
}

/** Of any server, with a client certificate where it wants one. */
export function restAt(
  server: Pick<RequestOptions, "host" | "servername" | "port" | "ca" | "cert" | "key">,
): Rest {
  return (line, { token, headers = {}, body } = {}) => {
    const [method = "", path = ""] = line.split(/ (.*)/s);
    const payload =
      body === undefined ? undefined : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          ...server,
          method,
          path,
          timeout: 60_000,
          headers: {
            "user-agent": "test",
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(payload === undefined
              ? {}
              : {
                  "content-type": "application/json",
                  ...(Object.hasOwn(headers, "transfer-encoding")
                    ? {}
                    : { "content-length": payload.length }),
                }),
            ...headers,
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({
              status: incoming.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
              ),
              cookies: incoming.headers["set-cookie"] ?? [],
              text,
              json: parsed(text),
            });
          });
        },
      );
      outgoing.on("error", (error) => reject(new Error(`${line}: ${error.message}`, { cause: error })));
      outgoing.end(payload);
    });
  };
}

function parsed(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
}

/** Members of a collection's `data`. */
export function itemsOf({ json }: Reply): Json[] {
  return Array.isArray(json["data"]) ? (json["data"] as Json[]) : [];
}

export function idsOf(reply: Reply): unknown[] {
  return itemsOf(reply).map((item) => item["id"]);
}

/** A GET whose answer goes on, such as a watch: 200, or it fails. */
export async function openStream(
  { port, ca }: Pick<Drover, "port" | "ca">,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly incoming: IncomingMessage; readonly stop: () => void }> {
  const outgoing = request({ host: "localhost", port, path, ca, headers });
  outgoing.end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(incoming.statusCode).toBe(200);
  return { incoming, stop: () => void outgoing.destroy() };
}
