/** `X-API-Tunnel-Params` of a cluster agent (tunnel.md 2.3). Pure. */
import type { ClusterRegistration } from "../../../schema/internal/context.ts";
import { ApiError } from "../errors.ts";

/** Reads the header. Throws `BadRequest` with the texts of tunnel.md 2.4. */
export function parseParams(header: string | null): ClusterRegistration {
  const { cluster, node } = decode(header ?? "");
  if (!isObject(cluster)) throw new ApiError("BadRequest", withoutCluster(node));
  const text = (name: "address" | "token" | "caCert"): string => {
    const value = cluster[name];
    if (typeof value !== "string" || value === "")
      throw new ApiError("BadRequest", `invalid input, ${name} empty`);
    return value;
  };
  const [address, token, caCert] = [text("address"), text("token"), text("caCert")];
  return { apiEndpoint: `https://${bracketed(address)}`, caCert, token };
}

function withoutCluster(node: unknown): string {
  if (!isObject(node)) return "missing node or cluster registration info";
  const hostname = node["requestedHostname"];
  return typeof hostname !== "string" || hostname === ""
    ? "invalid input, hostname empty"
    : "node agents are not supported";
}

function decode(header: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    const bytes = Uint8Array.from(atob(header), (character) => character.charCodeAt(0));
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw new ApiError("BadRequest", "X-API-Tunnel-Params is not base64 of JSON");
  }
  if (!isObject(value))
    throw new ApiError("BadRequest", "X-API-Tunnel-Params is not base64 of a JSON object");
  return value;
}

/** Older agents join a bare IPv6 address and the port with a colon. */
function bracketed(address: string): string {
  const colon = address.lastIndexOf(":");
  const [host, port] = colon < 0 ? [address, "443"] : [address.slice(0, colon), address.slice(colon + 1)];
  const full = host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
  if (!/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(full))
    throw new ApiError("BadRequest", "invalid input, address is not host:port");
  return full;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
