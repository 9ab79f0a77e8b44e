/** Responses of the front's own, after which the connection ends. Pure. */
import { failureStatus } from "../../schema/kube-status.ts";

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};

export function refusal(status: number, reason: string): string {
  return response(status, "text/plain", `${reason}\n`);
}

/** 503 while workerd is away, to a request whose head begins so. kubectl shows only a `Status` in the server's own words. */
export function unavailable(head: string): string {
  const message = "Drover is starting, try again";
  const [, target = ""] = head.split(" ", 2);
  if (!target.startsWith("/k8s/")) return refusal(503, message);
  const status = failureStatus(503, "ServiceUnavailable", message);
  return response(503, "application/json", `${JSON.stringify(status)}\n`);
}

function response(status: number, contentType: string, body: string): string {
  return (
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}\r\nContent-Type: ${contentType}\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
