/** Who the server must be: a DNS name or an IP address, found among a certificate's alternative names (RFC 9525). Pure. */
import { equalBytes } from "./bytes.ts";
import type { GeneralNames } from "./general-names.ts";

export type ServerName =
  | { readonly kind: "dns"; readonly name: string }
  | { readonly kind: "ip"; readonly text: string; readonly bytes: Uint8Array };

/** `undefined` for what is neither. An IPv6 address may stand in brackets; a name may end in a dot. */
export function parseServerName(host: string): ServerName | undefined {
  const text = /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
  const bytes = text.includes(":") ? ipv6(text) : text === host ? ipv4(text) : undefined;
  if (bytes !== undefined) return { kind: "ip", text, bytes };
  if (text !== host || text.includes(":")) return undefined;
  const name = host.toLowerCase().replace(/\.$/, "");
  const labels = name.split(".");
  const valid =
    name.length <= 253 &&
    labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)) &&
    // What looks like an address must be one.
    !/^\d+$/.test(labels.at(-1) ?? "");
  return valid ? { kind: "dns", name } : undefined;
}

/** Only the alternative names count, never the common name. */
export function isNamed(server: ServerName, names: GeneralNames | undefined): boolean {
  if (names === undefined) return false;
  return server.kind === "ip"
    ? names.ip.some((address) => equalBytes(shortened(address), shortened(server.bytes)))
    : names.dns.some((pattern) => matches(server.name, pattern));
}

/** A wildcard stands for exactly one label, the first, and is that whole label. */
function matches(name: string, pattern: string): boolean {
  const wanted = pattern.replace(/\.$/, "");
  if (!wanted.startsWith("*.")) return wanted === name;
  const dot = name.indexOf(".");
  const parent = wanted.slice(2);
  return dot > 0 && parent.includes(".") && !parent.includes("*") && name.slice(dot + 1) === parent;
}

/** For messages. */
export function describeNames(names: GeneralNames | undefined): string {
  const all = [...(names?.dns ?? []), ...(names?.ip ?? []).map(addressText)];
  if (all.length === 0) return "no DNS name and no IP address";
  return all.length > 8 ? `${all.slice(0, 8).join(", ")}, …` : all.join(", ");
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return groups.join(":").replace(/(?:^|:)0(?::0)+(?::|$)/, "::");
}

function ipv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const valid =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return valid ? Uint8Array.from(parts, Number) : undefined;
}

function ipv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = (halves.length === 2 ? tail : head).at(-1);
  const embedded = last?.includes(".") === true ? ipv4(last) : undefined;
  if (embedded !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = embedded;
    (halves.length === 2 ? tail : head).splice(
      -1,
      1,
      ((a << 8) | b).toString(16),
      ((c << 8) | d).toString(16),
    );
  }
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

/** `::ffff:192.0.2.1` is 192.0.2.1. */
function shortened(bytes: Uint8Array): Uint8Array {
  const mapped = bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0);
  return mapped && bytes[10] === 0xff && bytes[11] === 0xff ? bytes.subarray(12) : bytes;
}
