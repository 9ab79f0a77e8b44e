/** Kubernetes' own libraries: url, quantity, ip, cidr, semver and named formats (apiserver, cel/library). Pure. */
import { parseGoUrl } from "../../net/go-url.ts";
import type { GoUrl } from "../../net/go-url.ts";
import {
  formatAddress,
  isMapped,
  maskedBytes,
  parseAddress,
  parsePrefix,
  prefixContains,
} from "../../net/ip.ts";
import type { Address, Prefix } from "../../net/ip.ts";
import { goQuote } from "../../structural/go-format.ts";
import { PlainList, PlainMap } from "../collections.ts";
import { namedFormat } from "../named-formats.ts";
import {
  addQuantities,
  compareQuantities,
  floatOfQuantity,
  negateQuantity,
  parseQuantity,
  wholeQuantity,
} from "../quantity.ts";
import type { Quantity } from "../quantity.ts";
import { compareSemvers, normalizeSemver, parseSemver, semverProblem } from "../semver.ts";
import type { Semver } from "../semver.ts";
import { CelError, none, Opaque, Optional } from "../values.ts";
import type { NamedFormat, Result, Value } from "../values.ts";
import { hostname, port, query } from "./urls.ts";

type Args = readonly Value[];

interface Contents {
  readonly "net.IP": Address;
  readonly "net.CIDR": Prefix;
  readonly "kubernetes.URL": GoUrl;
  readonly "kubernetes.Quantity": Quantity;
  readonly "kubernetes.NamedFormat": NamedFormat;
  readonly "kubernetes.Semver": Semver;
}

function contentOf<T extends keyof Contents>(value: Value | undefined, type: T): Contents[T] | undefined {
  // The tag says which content it is.
  return value instanceof Opaque && value.content.type === type
    ? (value.content.value as Contents[T])
    : undefined;
}

function accessor<T extends keyof Contents>(
  type: T,
  get: (content: Contents[T], args: Args) => Result | undefined,
): (args: Args) => Result | undefined {
  return ([target, ...args]) => {
    const content = contentOf(target, type);
    return content === undefined ? undefined : get(content, args);
  };
}

const fromText =
  (make: (text: string, args: Args) => Result) =>
  ([text, ...args]: Args): Result | undefined =>
    typeof text === "string" ? make(text, args) : undefined;

function parseIp(text: string): Address | CelError {
  const address = parseAddress(text);
  if (address === undefined)
    return new CelError(
      `IP Address ${goQuote(text)} parse error during conversion from string: ${ipProblem(text)}`,
    );
  if (address.zone !== "") return new CelError(`IP address ${goQuote(text)} with zone value is not allowed`);
  if (isMapped(address)) return new CelError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return address;
}

function ipProblem(text: string): string {
  return `ParseAddr(${goQuote(text)}): unable to parse IP`;
}

function parseCidr(text: string): Prefix | CelError {
  const prefix = parsePrefix(text);
  if (prefix === undefined)
    return new CelError(
      `network address parse error during conversion from string: network address parse error during conversion from string: netip.ParsePrefix(${goQuote(text)}): no '/'`,
    );
  if (isMapped(prefix.address))
    return new CelError(`IPv4-mapped IPv6 address ${goQuote(text)} is not allowed`);
  return prefix;
}

const ipValue = (value: Address): Opaque => new Opaque({ type: "net.IP", value });
const cidrValue = (value: Prefix): Opaque => new Opaque({ type: "net.CIDR", value });
const first16 = ({ bytes }: Address): number => ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
const is4 = ({ bytes }: Address): boolean => bytes.length === 4;
const isUnspecified = ({ bytes }: Address): boolean => bytes.every((byte) => byte === 0);
const isLoopback = (address: Address): boolean =>
  is4(address) ? address.bytes[0] === 127 : formatAddress({ ...address, zone: "" }) === "::1";
const isLinkLocalMulticast = (address: Address): boolean =>
  is4(address)
    ? address.bytes[0] === 224 && address.bytes[1] === 0 && address.bytes[2] === 0
    : (first16(address) & 0xff0f) === 0xff02;
const isLinkLocalUnicast = (address: Address): boolean =>
  is4(address)
    ? address.bytes[0] === 169 && address.bytes[1] === 254
    : (first16(address) & 0xffc0) === 0xfe80;
const isMulticast = (address: Address): boolean =>
  is4(address) ? ((address.bytes[0] ?? 0) & 0xf0) === 0xe0 : address.bytes[0] === 0xff;
const isGlobalUnicast = (address: Address): boolean =>
  !(is4(address) && address.bytes.every((byte) => byte === 255)) &&
  !isUnspecified(address) &&
  !isLoopback(address) &&
  !isMulticast(address) &&
  !isLinkLocalUnicast(address);

const ofIp = (test: (address: Address) => boolean): ((args: Args) => Result | undefined) =>
  accessor("net.IP", (address) => test(address));

function containsIp(prefix: Prefix, [other]: Args): Result | undefined {
  const address = typeof other === "string" ? parseIp(other) : contentOf(other, "net.IP");
  // What cannot be read is of no type that could be contained.
  if (address === undefined || address instanceof CelError) return undefined;
  return prefixContains(prefix, address.bytes);
}

function containsCidr(prefix: Prefix, [other]: Args): Result | undefined {
  const inner = typeof other === "string" ? parseCidr(other) : contentOf(other, "net.CIDR");
  if (inner === undefined || inner instanceof CelError) return undefined;
  return prefix.bits <= inner.bits && prefixContains(prefix, maskedBytes(inner));
}

const quantityValue = (value: Quantity): Opaque => new Opaque({ type: "kubernetes.Quantity", value });

const arithmetic = (sign: 1 | -1): ((args: Args) => Result | undefined) =>
  accessor("kubernetes.Quantity", (quantity, [other]) => {
    const by =
      typeof other === "bigint" ? { units: other, scale: 0 } : contentOf(other, "kubernetes.Quantity");
    if (by === undefined) return undefined;
    return quantityValue(addQuantities(quantity, sign === 1 ? by : negateQuantity(by)));
  });

/** Of quantities and of versions. */
function ordering(result: (order: number) => Result): (args: Args) => Result | undefined {
  return ([a, b]) => {
    const [x, y] = [contentOf(a, "kubernetes.Quantity"), contentOf(b, "kubernetes.Quantity")];
    if (x !== undefined && y !== undefined) return result(compareQuantities(x, y));
    const [v, w] = [contentOf(a, "kubernetes.Semver"), contentOf(b, "kubernetes.Semver")];
    return v === undefined || w === undefined ? undefined : result(compareSemvers(v, w));
  };
}

function semver(text: string, [normalize]: Args): Opaque | CelError {
  const version = parseSemver(normalize === true ? normalizeSemver(text) : text);
  return version === undefined
    ? new CelError(semverProblem(normalize === true ? normalizeSemver(text) : text))
    : new Opaque({ type: "kubernetes.Semver", value: version });
}

const versionPart = (part: "major" | "minor" | "patch"): ((args: Args) => Result | undefined) =>
  accessor("kubernetes.Semver", (version) => version[part]);

function queryMap(raw: string): Result {
  return PlainMap.of(Array.from(query(raw), ([key, values]) => [key, new PlainList(values)] as const));
}

const formats = [
  "dns1123Label",
  "dns1123Subdomain",
  "dns1035Label",
  "qualifiedName",
  "dns1123LabelPrefix",
  "dns1123SubdomainPrefix",
  "dns1035LabelPrefix",
  "labelValue",
  "uri",
  "uuid",
  "byte",
  "date",
  "datetime",
];

function formatValue(name: string): Opaque | undefined {
  const value = namedFormat(name);
  return value === undefined ? undefined : new Opaque({ type: "kubernetes.NamedFormat", value });
}

export const kubernetes: Readonly<Record<string, (args: Args) => Result | undefined>> = {
  url: fromText((text) => {
    const value = parseGoUrl(text);
    return value === undefined
      ? new CelError(
          `URL parse error during conversion from string: parse ${goQuote(text)}: ${text === "" ? "empty url" : "invalid URI for request"}`,
        )
      : new Opaque({ type: "kubernetes.URL", value });
  }),
  isURL: fromText((text) => parseGoUrl(text) !== undefined),
  getScheme: accessor("kubernetes.URL", ({ scheme }) => scheme),
  getHost: accessor("kubernetes.URL", ({ host }) => host),
  getHostname: accessor("kubernetes.URL", ({ host }) => hostname(host)),
  getPort: accessor("kubernetes.URL", ({ host }) => port(host)),
  getEscapedPath: accessor("kubernetes.URL", ({ escapedPath }) => escapedPath),
  getQuery: accessor("kubernetes.URL", ({ rawQuery }) => queryMap(rawQuery)),
  quantity: fromText((text) => {
    const value = parseQuantity(text);
    return value === undefined
      ? new CelError(
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )
      : quantityValue(value);
  }),
  isQuantity: fromText((text) => parseQuantity(text) !== undefined),
  sign: accessor("kubernetes.Quantity", ({ units }) => (units > 0n ? 1n : units < 0n ? -1n : 0n)),
  isInteger: accessor("kubernetes.Quantity", (quantity) => wholeQuantity(quantity) !== undefined),
  asInteger: accessor(
    "kubernetes.Quantity",
    (quantity) => wholeQuantity(quantity) ?? new CelError("cannot convert value to integer"),
  ),
  asApproximateFloat: accessor("kubernetes.Quantity", floatOfQuantity),
  add: arithmetic(1),
  sub: arithmetic(-1),
  isGreaterThan: ordering((order) => order > 0),
  isLessThan: ordering((order) => order < 0),
  compareTo: ordering((order) => BigInt(order)),
  ip: ([value]) => {
    const prefix = contentOf(value, "net.CIDR");
    if (prefix !== undefined) return ipValue(prefix.address);
    if (typeof value !== "string") return undefined;
    const address = parseIp(value);
    return address instanceof CelError ? address : ipValue(address);
  },
  isIP: fromText((text) => !(parseIp(text) instanceof CelError)),
  "ip.isCanonical": fromText((text) => {
    const address = parseIp(text);
    return address instanceof CelError ? address : formatAddress(address) === text;
  }),
  family: accessor("net.IP", (address) => (is4(address) ? 4n : 6n)),
  isUnspecified: ofIp(isUnspecified),
  isLoopback: ofIp(isLoopback),
  isLinkLocalMulticast: ofIp(isLinkLocalMulticast),
  isLinkLocalUnicast: ofIp(isLinkLocalUnicast),
  isGlobalUnicast: ofIp(isGlobalUnicast),
  cidr: fromText((text) => {
    const prefix = parseCidr(text);
    return prefix instanceof CelError ? prefix : cidrValue(prefix);
  }),
  isCIDR: fromText((text) => !(parseCidr(text) instanceof CelError)),
  containsIP: accessor("net.CIDR", containsIp),
  containsCIDR: accessor("net.CIDR", containsCidr),
  masked: accessor("net.CIDR", (prefix) =>
    cidrValue({ ...prefix, address: { bytes: maskedBytes(prefix), zone: "" } }),
  ),
  prefixLength: accessor("net.CIDR", ({ bits }) => BigInt(bits)),
  semver: fromText(semver),
  isSemver: fromText((text, args) => !(semver(text, args) instanceof CelError)),
  major: versionPart("major"),
  minor: versionPart("minor"),
  patch: versionPart("patch"),
  "format.named": fromText((name) => {
    const format = formatValue(name);
    return format === undefined ? none : new Optional(format);
  }),
  validate: accessor("kubernetes.NamedFormat", (format, [text]) => {
    if (typeof text !== "string") return undefined;
    const problems = format.validate(text);
    return problems.length === 0 ? none : new Optional(new PlainList(problems));
  }),
  ...Object.fromEntries(formats.map((name) => [`format.${name}`, () => formatValue(name)])),
};
