/**
 * Which hosts `/meta/proxy` may ask: the setting `whitelist-domain`, domains of active drivers, ProxyEndpoints. Everything
 * else is refused: the server stands where its callers do not (SSRF). Pure.
 */
import { routeProblem } from "../../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import type { Destination } from "./destination.ts";

/** `listed`: the very host stands in the list, so that it may be one of a private network. */
export type Verdict = "refused" | "public" | "listed";

/**
 * Patterns are `host`, `host:port`, `*.example.com` (any beginning), `%` for one label in the middle. Without a port in its
 * pattern a host is asked on its scheme's port alone. Addresses and names of a machine's own or a private network must be
 * listed as they are; wildcards that would open half the Internet count for nothing.
 */
export function judge(
  { host, port }: Pick<Destination, "host" | "port">,
  patterns: readonly string[],
): Verdict {
  const asked = port === "" ? host : `${host}:${port}`;
  const wanted = patterns.map((pattern) => pattern.trim().toLowerCase()).filter((pattern) => pattern !== "");
  if (wanted.includes(asked)) return "listed";
  if (isPrivateName(host)) return "refused";
  return wanted.some((pattern) => isWildcard(pattern) && matches(asked, pattern)) ? "public" : "refused";
}

/** An address, or a name that public DNS does not give out. */
function isPrivateName(host: string): boolean {
  return (
    /^\d+(?:\.\d+){3}$/.test(host) ||
    host.startsWith("[") ||
    !host.includes(".") ||
    /\.(?:localhost|local|internal|intranet|lan|home\.arpa)$/.test(host)
  );
}

function isWildcard(pattern: string): boolean {
  return /[*%]/.test(pattern) && routeProblem(pattern) === undefined;
}

function matches(host: string, pattern: string): boolean {
  const beginning = pattern.startsWith("*");
  const labels = (beginning ? pattern.slice(1) : pattern)
    .split(".")
    .map((label) => (label === "%" ? "[a-z0-9-]+" : label.replaceAll("-", "\\-")));
  return new RegExp(`^${beginning ? "[a-z0-9.-]*" : ""}${labels.join("\\.")}$`).test(host);
}
