/** A small JSON client for Drover's public API, trusting one given CA or the system's store. */
import { request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Connection {
  readonly server: string;
  readonly ca?: string;
  readonly token?: string;
}

/** An answer of 400 or more, with the server's own message. */
export class ApiFailure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The server's certificate is of a CA that is not trusted here. */
export class UntrustedServer extends Error {}

/** One HTTPS request. Rejects on connection errors with a hint where the CA is the likely cause. */
export function call(connection: Connection, method: string, path: string, body?: unknown): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string> = { accept: "application/json", "user-agent": "drover-cli" };
  if (connection.token !== undefined) headers["authorization"] = `Bearer ${connection.token}`;
  if (payload !== undefined) {
    headers["content-type"] = "application/json";
    headers["content-length"] = String(Buffer.byteLength(payload));
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, connection.server),
      { method, headers, timeout: 60_000, ...(connection.ca === undefined ? {} : { ca: connection.ca }) },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
        });
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 60 s")));
    outgoing.on("error", (error: NodeJS.ErrnoException) => reject(explain(connection.server, error)));
    outgoing.end(payload);
  });
}

/** Like `call`, but parses JSON and turns an error answer into `ApiFailure`. */
export async function callJson<T>(
  connection: Connection,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await call(connection, method, path, body);
  if (answer.status >= 400) throw new ApiFailure(answer.status, messageOf(answer));
  return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
}

function messageOf(answer: Answer): string {
  try {
    const parsed = JSON.parse(answer.text) as { message?: string; code?: string; fieldName?: string };
    const parts = [parsed.code, parsed.fieldName, parsed.message].filter(
      (part) => part !== undefined && part !== "",
    );
    return `${parts.join(": ")} (HTTP ${answer.status})`;
  } catch {
    return `${answer.text.trim().slice(0, 200)} (HTTP ${answer.status})`;
  }
}

function explain(server: string, error: NodeJS.ErrnoException): Error {
  const untrusted = [
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "CERT_SIGNATURE_FAILURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  ];
  if (untrusted.includes(error.code ?? "")) {
    return new UntrustedServer(`${server} has a certificate of an unknown CA: log in with --ca FILE`, {
      cause: error,
    });
  }
  return new Error(`cannot reach ${server}: ${error.message || error.code || "connection failed"}`, {
    cause: error,
  });
}
