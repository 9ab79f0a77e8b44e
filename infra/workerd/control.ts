/** HTTP requests to a unix socket: how the launcher talks to the API's entrypoint `ControlPlane`. */
import { request } from "node:http";

export interface ControlAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends one request; a `body` goes as JSON. Throws on network errors and after `timeoutMs`. */
export async function control(
  socketPath: string,
  method: "GET" | "POST",
  path: string,
  options: { readonly body?: unknown; readonly timeoutMs: number },
): Promise<ControlAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>();
  const payload = options.body === undefined ? "" : JSON.stringify(options.body);
  const outgoing = request(
    {
      socketPath,
      method,
      path,
      headers: {
        host: "control",
        "content-type": "application/json",
        "content-length": Buffer.byteLength(payload),
      },
      signal: AbortSignal.timeout(options.timeoutMs),
      agent: false,
    },
    (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    },
  );
  outgoing.on("error", reject);
  outgoing.end(payload);
  return await promise;
}
