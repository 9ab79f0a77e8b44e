/** The functions of rules in Kubernetes 1.36: CEL's own, and the libraries of its base environment (apiserver, cel/environment). */
import { declared } from "./declarations.ts";
import type { Overload, Signatures } from "./declarations.ts";
import { once } from "../structural/once.ts";

const pairs = (
  name: string,
  types: readonly string[],
  result: (type: string) => string,
  id: (type: string) => string = (type) => `${name}_${type}`,
): Record<string, string> =>
  Object.fromEntries(types.map((type) => [id(type), `(${type}, ${type}) -> ${result(type)}`]));

const comparable = ["bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration"];
const numbers = ["int", "uint", "double"];

/** Same types, and numbers of different types. */
function comparison(name: string): Record<string, string> {
  const mixed = numbers.flatMap((a) =>
    numbers
      .filter((b) => a !== b)
      .map((b) => [`${name}_${a}${a === b ? "" : `_${b}`}64`, `(${a}, ${b}) -> bool`] as const),
  );
  return { ...pairs(name, comparable, () => "bool"), ...Object.fromEntries(mixed) };
}

const operators: Signatures = {
  "_?_:_": { conditional: "(bool, T, T) -> T" },
  "_&&_": { logical_and: "(bool, bool) -> bool" },
  "_||_": { logical_or: "(bool, bool) -> bool" },
  "!_": { logical_not: "(bool) -> bool" },
  "@not_strictly_false": { not_strictly_false: "(bool) -> bool" },
  "_==_": { equals: "(T, T) -> bool" },
  "_!=_": { not_equals: "(T, T) -> bool" },
  "_<_": comparison("less"),
  "_<=_": comparison("less_equals"),
  "_>_": comparison("greater"),
  "_>=_": comparison("greater_equals"),
  "_+_": {
    ...pairs("add", ["int", "uint", "double", "string", "bytes"], (type) => type),
    add_list: "(list(T), list(T)) -> list(T)",
    add_duration_duration: "(duration, duration) -> duration",
    add_timestamp_duration: "(timestamp, duration) -> timestamp",
    add_duration_timestamp: "(duration, timestamp) -> timestamp",
  },
  "_-_": {
    ...pairs("subtract", numbers, (type) => type),
    subtract_duration_duration: "(duration, duration) -> duration",
    subtract_timestamp_timestamp: "(timestamp, timestamp) -> duration",
    subtract_timestamp_duration: "(timestamp, duration) -> timestamp",
  },
  "_*_": pairs("multiply", numbers, (type) => type),
  "_/_": pairs("divide", numbers, (type) => type),
  "_%_": pairs("modulo", ["int", "uint"], (type) => type),
  "-_": { negate_int64: "(int) -> int", negate_double: "(double) -> double" },
  "@in": { in_list: "(T, list(T)) -> bool", in_map: "(K, map(K, V)) -> bool" },
  "_[_]": {
    index_list: "(list(T), int) -> T",
    index_map: "(map(K, V), K) -> V",
    optional_list_index_int: "(optional(list(T)), int) -> optional(T)",
    optional_map_index_value: "(optional(map(K, V)), K) -> optional(V)",
  },
  "_[?_]": {
    list_optindex_optional_int: "(list(T), int) -> optional(T)",
    optional_list_optindex_optional_int: "(optional(list(T)), int) -> optional(T)",
    map_optindex_optional_value: "(map(K, V), K) -> optional(V)",
    optional_map_optindex_optional_value: "(optional(map(K, V)), K) -> optional(V)",
  },
  "_?._": { select_optional_field: "(dyn, string) -> optional(T)" },
};

const sized = ["string", "bytes", "list(T)", "map(K, V)"];
const sizes = Object.fromEntries(
  sized.flatMap((type) => {
    const name = type.replace(/\(.*/, "");
    return [
      [`size_${name}`, `(${type}) -> int`],
      [`${name}_size`, `${type}.() -> int`],
    ];
  }),
);

const timeParts = (result: string, part: string, ofDuration: boolean): Record<string, string> => ({
  [`timestamp_to_${result}`]: "timestamp.() -> int",
  [`timestamp_to_${result}_with_tz`]: "timestamp.(string) -> int",
  ...(ofDuration ? { [`duration_to_${part}`]: "duration.() -> int" } : {}),
});

const conversions: Signatures = {
  size: sizes,
  type: { type: "(T) -> type(T)" },
  dyn: { to_dyn: "(T) -> dyn" },
  bool: { bool_to_bool: "(bool) -> bool", string_to_bool: "(string) -> bool" },
  bytes: { bytes_to_bytes: "(bytes) -> bytes", string_to_bytes: "(string) -> bytes" },
  double: {
    double_to_double: "(double) -> double",
    int64_to_double: "(int) -> double",
    string_to_double: "(string) -> double",
    uint64_to_double: "(uint) -> double",
  },
  duration: {
    duration_to_duration: "(duration) -> duration",
    int64_to_duration: "(int) -> duration",
    string_to_duration: "(string) -> duration",
  },
  int: {
    int64_to_int64: "(int) -> int",
    double_to_int64: "(double) -> int",
    duration_to_int64: "(duration) -> int",
    string_to_int64: "(string) -> int",
    timestamp_to_int64: "(timestamp) -> int",
    uint64_to_int64: "(uint) -> int",
  },
  string: {
    string_to_string: "(string) -> string",
    bool_to_string: "(bool) -> string",
    bytes_to_string: "(bytes) -> string",
    double_to_string: "(double) -> string",
    duration_to_string: "(duration) -> string",
    int64_to_string: "(int) -> string",
    timestamp_to_string: "(timestamp) -> string",
    uint64_to_string: "(uint) -> string",
    ip_to_string: "(IP) -> string",
    cidr_to_string: "(CIDR) -> string",
  },
  timestamp: {
    timestamp_to_timestamp: "(timestamp) -> timestamp",
    int64_to_timestamp: "(int) -> timestamp",
    string_to_timestamp: "(string) -> timestamp",
  },
  uint: {
    uint64_to_uint64: "(uint) -> uint",
    double_to_uint64: "(double) -> uint",
    int64_to_uint64: "(int) -> uint",
    string_to_uint64: "(string) -> uint",
  },
  getFullYear: timeParts("year", "", false),
  getMonth: timeParts("month", "", false),
  getDayOfYear: timeParts("day_of_year", "", false),
  getDate: timeParts("day_of_month_1_based", "", false),
  getDayOfMonth: timeParts("day_of_month", "", false),
  getDayOfWeek: timeParts("day_of_week", "", false),
  getHours: timeParts("hours", "hours", true),
  getMinutes: timeParts("minutes", "minutes", true),
  getSeconds: timeParts("seconds", "seconds", true),
  getMilliseconds: timeParts("milliseconds", "milliseconds", true),
};

const strings: Signatures = {
  contains: { contains_string: "string.(string) -> bool" },
  startsWith: { starts_with_string: "string.(string) -> bool" },
  endsWith: { ends_with_string: "string.(string) -> bool" },
  matches: { matches: "(string, string) -> bool", matches_string: "string.(string) -> bool" },
  charAt: { string_char_at_int: "string.(int) -> string" },
  format: { string_format: "string.(list(dyn)) -> string" },
  join: { list_join: "list(string).() -> string", list_join_string: "list(string).(string) -> string" },
  lowerAscii: { string_lower_ascii: "string.() -> string" },
  upperAscii: { string_upper_ascii: "string.() -> string" },
  replace: {
    string_replace_string_string: "string.(string, string) -> string",
    string_replace_string_string_int: "string.(string, string, int) -> string",
  },
  split: {
    string_split_string: "string.(string) -> list(string)",
    string_split_string_int: "string.(string, int) -> list(string)",
  },
  substring: {
    string_substring_int: "string.(int) -> string",
    string_substring_int_int: "string.(int, int) -> string",
  },
  trim: { string_trim: "string.() -> string" },
  "strings.quote": { strings_quote: "(string) -> string" },
  find: { string_find_string: "string.(string) -> string" },
  findAll: {
    string_find_all_string: "string.(string) -> list(string)",
    string_find_all_string_int: "string.(string, int) -> list(string)",
  },
};

const summable = ["int", "uint", "double", "duration"];
const ordered = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];
const ofLists = (
  name: string,
  types: readonly string[],
  result: (type: string) => string,
): Record<string, string> =>
  Object.fromEntries(types.map((type) => [`list_${type}_${name}`, `list(${type}).() -> ${result(type)}`]));

const lists: Signatures = {
  isSorted: ofLists("is_sorted_bool", ordered, () => "bool"),
  sum: ofLists("sum", summable, (type) => type),
  min: ofLists("min", ordered, (type) => type),
  max: ofLists("max", ordered, (type) => type),
  indexOf: {
    string_index_of_string: "string.(string) -> int",
    string_index_of_string_int: "string.(string, int) -> int",
    list_a_index_of_int: "list(T).(T) -> int",
  },
  lastIndexOf: {
    string_last_index_of_string: "string.(string) -> int",
    string_last_index_of_string_int: "string.(string, int) -> int",
    list_a_last_index_of_int: "list(T).(T) -> int",
  },
  slice: { list_slice: "list(T).(int, int) -> list(T)" },
  flatten: { list_flatten: "list(list(T)).() -> list(T)", list_flatten_int: "list(dyn).(int) -> list(dyn)" },
  sort: ofLists(
    "sort",
    ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"],
    (type) => `list(${type})`,
  ),
  "@sortByAssociatedKeys": Object.fromEntries(
    ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"].map((type) => [
      `list_${type}_sortByAssociatedKeys`,
      `list(T).(list(${type})) -> list(T)`,
    ]),
  ),
  "lists.range": { lists_range: "(int) -> list(int)" },
  reverse: { list_reverse: "list(T).() -> list(T)" },
  distinct: { list_distinct: "list(T).() -> list(T)" },
  "sets.contains": { list_sets_contains_list: "(list(T), list(T)) -> bool" },
  "sets.equivalent": { list_sets_equivalent_list: "(list(T), list(T)) -> bool" },
  "sets.intersects": { list_sets_intersects_list: "(list(T), list(T)) -> bool" },
  "cel.@mapInsert": {
    "@mapInsert_map_key_value": "(map(K, V), K, V) -> map(K, V)",
    "@mapInsert_map_map": "(map(K, V), map(K, V)) -> map(K, V)",
  },
};

const optionals: Signatures = {
  "optional.of": { optional_of: "(V) -> optional(V)" },
  "optional.ofNonZeroValue": { optional_ofNonZeroValue: "(V) -> optional(V)" },
  "optional.none": { optional_none: "() -> optional(V)" },
  value: { optional_value: "optional(V).() -> V" },
  hasValue: { optional_hasValue: "optional(V).() -> bool" },
  or: { optional_or_optional: "optional(V).(optional(V)) -> optional(V)" },
  orValue: { optional_orValue_value: "optional(V).(V) -> V" },
  "optional.unwrap": { optional_unwrap: "(list(optional(V))) -> list(V)" },
  unwrapOpt: { optional_unwrapOpt: "list(optional(V)).() -> list(V)" },
  first: { list_first: "list(V).() -> optional(V)" },
  last: { list_last: "list(V).() -> optional(V)" },
};

const kubernetes: Signatures = {
  url: { string_to_url: "(string) -> URL" },
  isURL: { is_url_string: "(string) -> bool" },
  getScheme: { url_get_scheme: "URL.() -> string" },
  getHost: { url_get_host: "URL.() -> string" },
  getHostname: { url_get_hostname: "URL.() -> string" },
  getPort: { url_get_port: "URL.() -> string" },
  getEscapedPath: { url_get_escaped_path: "URL.() -> string" },
  getQuery: { url_get_query: "URL.() -> map(string, list(string))" },
  quantity: { string_to_quantity: "(string) -> Quantity" },
  isQuantity: { is_quantity_string: "(string) -> bool" },
  sign: { quantity_sign: "(Quantity) -> int" },
  isInteger: { quantity_is_integer: "Quantity.() -> bool" },
  asInteger: { quantity_get_int: "Quantity.() -> int" },
  asApproximateFloat: { quantity_get_float: "Quantity.() -> double" },
  isGreaterThan: {
    quantity_is_greater_than: "Quantity.(Quantity) -> bool",
    semver_is_greater_than: "Semver.(Semver) -> bool",
  },
  isLessThan: {
    quantity_is_less_than: "Quantity.(Quantity) -> bool",
    semver_is_less_than: "Semver.(Semver) -> bool",
  },
  compareTo: {
    quantity_compare_to: "Quantity.(Quantity) -> int",
    semver_compare_to: "Semver.(Semver) -> int",
  },
  add: { quantity_add: "Quantity.(Quantity) -> Quantity", quantity_add_int: "Quantity.(int) -> Quantity" },
  sub: { quantity_sub: "Quantity.(Quantity) -> Quantity", quantity_sub_int: "Quantity.(int) -> Quantity" },
  ip: { string_to_ip: "(string) -> IP", cidr_ip: "CIDR.() -> IP" },
  isIP: { is_ip: "(string) -> bool" },
  "ip.isCanonical": { ip_is_canonical: "(string) -> bool" },
  family: { family: "IP.() -> int" },
  isUnspecified: { is_unspecified: "IP.() -> bool" },
  isLoopback: { is_loopback: "IP.() -> bool" },
  isLinkLocalMulticast: { is_link_local_multicast: "IP.() -> bool" },
  isLinkLocalUnicast: { is_link_local_unicast: "IP.() -> bool" },
  isGlobalUnicast: { is_global_unicast: "IP.() -> bool" },
  cidr: { string_to_cidr: "(string) -> CIDR" },
  isCIDR: { is_cidr: "(string) -> bool" },
  containsIP: { cidr_contains_ip_string: "CIDR.(string) -> bool", cidr_contains_ip_ip: "CIDR.(IP) -> bool" },
  containsCIDR: {
    cidr_contains_cidr_string: "CIDR.(string) -> bool",
    cidr_contains_cidr: "CIDR.(CIDR) -> bool",
  },
  masked: { masked: "CIDR.() -> CIDR" },
  prefixLength: { prefix_length: "CIDR.() -> int" },
  "format.named": { "format-named": "(string) -> optional(Format)" },
  validate: { "format-validate": "Format.(string) -> optional(list(string))" },
  semver: { string_to_semver: "(string) -> Semver", string_bool_to_semver: "(string, bool) -> Semver" },
  isSemver: { is_semver_string: "(string) -> bool", is_semver_string_bool: "(string, bool) -> bool" },
  major: { semver_major: "Semver.() -> int" },
  minor: { semver_minor: "Semver.() -> int" },
  patch: { semver_patch: "Semver.() -> int" },
};

const formatNames = [
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
const formats: Signatures = Object.fromEntries(
  formatNames.map((name) => [`format.${name}`, { [`format-${name}`]: "() -> Format" }]),
);

/** Every function by name. Built when the first rule is compiled. */
export const functions = once<ReadonlyMap<string, readonly Overload[]>>(() =>
  declared(operators, conversions, strings, lists, optionals, kubernetes, formats),
);
