/** Semantic versions (semver.org 2.0.0, as github.com/blang/semver reads them). Pure. */

export interface Semver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly pre: readonly string[];
  readonly build: readonly string[];
}

const number = "(0|[1-9]\\d*)";
const pre = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${pre}(?:\\.${pre})*))?(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?$`,
);
const limit = 2n ** 64n;

/** `undefined` when it is none. */
export function parseSemver(text: string): Semver | undefined {
  const match = version.exec(text);
  if (match === null) return undefined;
  const [, major = "", minor = "", patch = "", before = "", build = ""] = match;
  const parts = [major, minor, patch].map(BigInt);
  if (parts.some((part) => part >= limit)) return undefined;
  const [a = 0n, b = 0n, c = 0n] = parts;
  const split = (list: string): string[] => (list === "" ? [] : list.split("."));
  return { major: a, minor: b, patch: c, pre: split(before), build: split(build) };
}

/** A leading `v` goes, missing parts are zero, leading zeros go: `v1.02` is 1.2.0. */
export function normalizeSemver(text: string): string {
  const plain = text.startsWith("v") ? text.slice(1) : text;
  const parts = plain.split(".");
  const numbers = parts.slice(0, 3).map((part, index) => {
    const bare = part.replace(/^0+(?=.)/, "");
    // A last part that is none of a longer version may hold pre-release and build.
    return bare === "" || !/^\d/.test(bare)
      ? index < 2 || part.length > 0
        ? `0${bare}`.replace(/^00/, "0")
        : part
      : bare;
  });
  if (parts.length < 3) {
    const last = numbers.at(-1) ?? "";
    if (/[+-]/.test(last)) return plain;
    while (numbers.length < 3) numbers.push("0");
    return numbers.join(".");
  }
  return [...numbers, ...parts.slice(3)].join(".");
}

/** -1, 0 or 1; builds do not count. */
export function compareSemvers(a: Semver, b: Semver): number {
  for (const part of ["major", "minor", "patch"] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePre(a.pre[i] ?? "", b.pre[i] ?? "");
    if (order !== 0) return order;
  }
  return Math.sign(a.pre.length - b.pre.length);
}

function comparePre(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x && y) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (x !== y) return x ? -1 : 1;
  return a < b ? -1 : 1;
}

/** Why a text is none, in the words of the library that Kubernetes reads versions with. */
export function semverProblem(text: string): string {
  if (text === "") return "Version string empty";
  const [major = "", minor = "", rest] = text.split(".");
  if (rest === undefined) return "No Major.Minor.Patch elements found";
  for (const [name, part] of Object.entries({
    Major: major,
    Minor: minor,
    Patch: rest.replace(/[+-].*$/, ""),
  })) {
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name.toLowerCase()} number "${part}"`;
    if (/^0\d/.test(part)) return `${name} number must not contain leading zeroes "${part}"`;
  }
  return `Invalid character(s) found in prerelease "${text.replace(/^[^+-]*[+-]/, "")}"`;
}
