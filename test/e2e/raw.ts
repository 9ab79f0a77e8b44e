/** Requests whose path nobody normalises, and answers byte for byte. */
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { Drover } from "./drover.ts";

export interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface RawAsk {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string | Buffer | undefined;
}

export function askRaw(
  { port, ca }: Drover,
  { path, headers = {}, method = "GET", body }: RawAsk,
): Promise<Raw> {
  return new Promise((resolve, reject) => {
    // A connection ends behind a body that was too large; the next request must not be sent on it meanwhile.
    const own = body === undefined ? {} : { agent: false };
    request({ host: "localhost", port, ca, path, method, headers, ...own }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks),
        }),
      );
    })
      .on("error", reject)
      .end(body);
  });
}
