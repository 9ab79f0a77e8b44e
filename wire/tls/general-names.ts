/** Alternative names of a certificate, and the constraints that an authority puts on them (RFC 5280, 4.2.1.6 and 4.2.1.10). Pure. */
import { DerReader, contextTag, malformed } from "./der.ts";
import type { DerValue } from "./der.ts";

export interface GeneralNames {
  readonly dns: readonly string[];
  /** 4 or 16 bytes. */
  readonly ip: readonly Uint8Array[];
  /** Tags of the other kinds that are there. */
  readonly others: ReadonlySet<number>;
}

interface Subtrees {
  readonly dns: readonly string[];
  /** Address and mask, 8 or 32 bytes. */
  readonly ip: readonly Uint8Array[];
  readonly others: ReadonlySet<number>;
}

export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
}

const dnsTag = contextTag(2, false);
const ipTag = contextTag(7, false);
const directoryTag = contextTag(4, true);

export function parseNames(bytes: Uint8Array): GeneralNames {
  const outer = new DerReader(bytes);
  const list = outer.sequence();
  outer.end();
  const names: DerValue[] = [];
  while (!list.done) names.push(list.any());
  if (names.length === 0) throw malformed("alternative names without a name");
  return sorted(names, [4, 16]);
}

function sorted(names: readonly DerValue[], ipLengths: readonly number[]): GeneralNames {
  const dns: string[] = [];
  const ip: Uint8Array[] = [];
  const others = new Set<number>();
  for (const { tag, content } of names) {
    if (tag === dnsTag) dns.push(ia5(content));
    else if (tag === ipTag) {
      if (!ipLengths.includes(content.length)) throw malformed("an IP address");
      ip.push(content);
    } else others.add(tag);
  }
  return { dns, ip, others };
}

function ia5(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte >= 0x80)) throw malformed("a DNS name");
  return String.fromCharCode(...bytes).toLowerCase();
}

export function parseNameConstraints(bytes: Uint8Array): NameConstraints {
  const outer = new DerReader(bytes);
  const constraints = outer.sequence();
  outer.end();
  const permitted = subtrees(constraints.optional(contextTag(0, true)));
  const excluded = subtrees(constraints.optional(contextTag(1, true)));
  constraints.end();
  return { permitted, excluded };
}

function subtrees(wrapped: DerValue | undefined): Subtrees {
  const names: DerValue[] = [];
  const list = new DerReader(wrapped?.content ?? new Uint8Array(0));
  while (!list.done) {
    const subtree = list.sequence();
    names.push(subtree.any());
    // `minimum` is 0 and `maximum` absent, which DER does not write.
    subtree.end();
  }
  return sorted(names, [8, 32]);
}

/**
 * Why these names may not stand below an authority with these constraints; `undefined` = they may. Constraints of kinds that we
 * do not judge refuse every certificate that has a name of that kind; those on the subject itself refuse all.
 */
export function violation(names: GeneralNames, { permitted, excluded }: NameConstraints): string | undefined {
  for (const kind of [...permitted.others, ...excluded.others]) {
    if (kind === directoryTag || names.others.has(kind)) return "names of a kind that is not supported";
  }
  for (const name of names.dns) {
    if (excluded.dns.some((tree) => isWithin(name, tree))) return name;
    if (permitted.dns.length > 0 && !permitted.dns.some((tree) => isWithin(name, tree))) return name;
  }
  for (const address of names.ip) {
    const text = address.join(".");
    if (excluded.ip.some((tree) => isInside(address, tree))) return text;
    if (permitted.ip.length > 0 && !permitted.ip.some((tree) => isInside(address, tree))) return text;
  }
  return undefined;
}

/** A constraint covers its name and all below it; `.example.com`, as some write it, only what is below. */
function isWithin(name: string, tree: string): boolean {
  if (tree === "" || name === tree) return true;
  return name.endsWith(tree.startsWith(".") ? tree : `.${tree}`);
}

function isInside(address: Uint8Array, tree: Uint8Array): boolean {
  const { length } = address;
  return (
    tree.length === 2 * length &&
    address.every((byte, index) => {
      const mask = tree[length + index] ?? 0;
      return (byte & mask) === ((tree[index] ?? 0) & mask);
    })
  );
}
