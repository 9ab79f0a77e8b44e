/** One line for each request that Drover sends, under the id that its caller got in `X-Request-Id`. */
import type { IncomingMessage } from "node:http";
import type { LogFields } from "../schema/logger.ts";
import type { Log } from "./log.ts";

/** What names a request. Queries may hold what a log should not. */
export function requestFields({ headersDistinct, method, url }: IncomingMessage): LogFields {
  const [requestId] = headersDistinct["x-request-id"] ?? [];
  return { requestId, method, path: url?.split("?", 1)[0] };
}

/** `debug`: a busy cluster has thousands a minute. Call the result when the request is over. */
export function logRequest(log: Log, incoming: IncomingMessage): (status: number | undefined) => void {
  const began = performance.now();
  return (status) =>
    log("debug", "request", {
      ...requestFields(incoming),
      status,
      ms: Math.round(performance.now() - began),
    });
}
