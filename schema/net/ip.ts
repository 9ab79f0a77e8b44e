/** IP addresses and prefixes as Go's net and net/netip read and write them. Pure. */

export interface Address {
  /** 4 or 16 bytes, network order. */
  readonly bytes: Uint8Array;
  readonly zone: string;
}

export interface Prefix {
  readonly address: Address;
  readonly bits: number;
}

/** An IPv4 or IPv6 address; `undefined` when it is none. `sloppy`: leading zeros in IPv4, as old Go allowed them. */
export function parseAddress(text: string, sloppy = false): Address | undefined {
  if (text.includes(":")) return parse6(text, sloppy);
  const bytes = parse4(text, sloppy);
  return bytes === undefined ? undefined : { bytes, zone: "" };
}

function parse4(text: string, sloppy: boolean): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^[0-9]{1,}$/.test(part) || part.length > (sloppy ? 16 : 3)) return undefined;
    if (!sloppy && part.length > 1 && part.startsWith("0")) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bytes[index] = value;
  }
  return bytes;
}

function parse6(text: string, sloppy: boolean): Address | undefined {
  const percent = text.indexOf("%");
  const zone = percent < 0 ? "" : text.slice(percent + 1);
  if (percent >= 0 && zone === "") return undefined;
  let rest = percent < 0 ? text : text.slice(0, percent);
  const words: number[] = [];
  let gap = -1;
  if (rest.startsWith("::")) {
    gap = 0;
    rest = rest.slice(2);
  }
  while (rest !== "") {
    if (words.length === 8) return undefined;
    const match = /^[0-9A-Fa-f]{1,4}/.exec(rest);
    if (match === null) return undefined;
    const after = rest.slice(match[0].length);
    if (after.startsWith(".")) {
      const tail = parse4(rest, sloppy);
      if (tail === undefined || words.length > 6 || (gap < 0 && words.length !== 6)) return undefined;
      words.push(((tail[0] ?? 0) << 8) | (tail[1] ?? 0), ((tail[2] ?? 0) << 8) | (tail[3] ?? 0));
      rest = "";
      break;
    }
    words.push(Number.parseInt(match[0], 16));
    if (after === "") {
      rest = "";
      break;
    }
    if (!after.startsWith(":")) return undefined;
    rest = after.slice(1);
    if (rest === "") return undefined;
    if (rest.startsWith(":")) {
      if (gap >= 0) return undefined;
      gap = words.length;
      rest = rest.slice(1);
    }
  }
  if (gap < 0 ? words.length !== 8 : words.length >= 8) return undefined;
  const full =
    gap < 0
      ? words
      : [...words.slice(0, gap), ...Array.from({ length: 8 - words.length }, () => 0), ...words.slice(gap)];
  const bytes = new Uint8Array(16);
  full.forEach((word, index) => {
    bytes[2 * index] = word >> 8;
    bytes[2 * index + 1] = word & 0xff;
  });
  return { bytes, zone };
}

/** An address that is an IPv4 one written as IPv6, `::ffff:1.2.3.4`. */
export function isMapped({ bytes }: Address): boolean {
  return (
    bytes.length === 16 &&
    bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255
  );
}

/** `address/bits`. Bits without sign or leading zeros; no zone. */
export function parsePrefix(text: string, sloppy = false): Prefix | undefined {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash), sloppy);
  const digits = text.slice(slash + 1);
  if (address === undefined || address.zone !== "" || !/^[0-9]{1,3}$/.test(digits)) return undefined;
  if (!sloppy && digits.length > 1 && !/^[1-9]/.test(digits)) return undefined;
  const bits = Number(digits);
  return bits > 8 * address.bytes.length ? undefined : { address, bits };
}

/** Canonical text: RFC 5952 for IPv6, dotted quads for IPv4. */
export function formatAddress(address: Address): string {
  const { bytes, zone } = address;
  if (bytes.length === 4) return bytes.join(".");
  const suffix = zone === "" ? "" : `%${zone}`;
  if (isMapped(address)) return `::ffff:${bytes.subarray(12).join(".")}${suffix}`;
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && words[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(":");
  if (best.from < 0) return hex(words) + suffix;
  return `${hex(words.slice(0, best.from))}::${hex(words.slice(best.from + best.length))}${suffix}`;
}

/** The first address of the prefix: host bits cleared. */
export function maskedBytes({ address, bits }: Prefix): Uint8Array {
  return address.bytes.map((byte, index) => byte & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * index))));
}

export function prefixContains(prefix: Prefix, bytes: Uint8Array): boolean {
  if (bytes.length !== prefix.address.bytes.length) return false;
  const network = maskedBytes(prefix);
  const other = maskedBytes({ address: { bytes, zone: "" }, bits: prefix.bits });
  return network.every((byte, index) => byte === other[index]);
}
