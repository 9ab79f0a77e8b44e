/** JSON requests as the admin of a test bed: for the starter's own few needs, without a kubectl process for each. */
import { request } from "node:https";
import type { KeyPair } from "./certs.ts";

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

export type Api = (method: "GET" | "POST", path: string, body?: unknown) => Promise<ApiAnswer>;

export function adminApi(server: string, caPem: string, admin: KeyPair): Api {
  return async (method, path, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
    const call = request(
      `${server}${path}`,
      {
        method,
        ca: caPem,
        cert: admin.certPem,
        key: admin.keyPem,
        timeout: 5_000,
        headers: { accept: "application/json", "content-type": "application/json" },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error(`${path}: no answer`)));
    call.on("error", reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  };
}
