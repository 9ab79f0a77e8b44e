/** The Accept header, read and sorted as kube-apiserver does (munnerz/goautoneg). Pure. */

export interface Clause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Ours: the sort below is quadratic, and no client names so many. */
const maxClauses = 64;

/** Clauses in the order in which they are tried. What is no `type/subtype` is left out. */
export function parseAccept(header: string): Clause[] {
  const clauses = header
    .split(",", maxClauses)
    .map(clauseOf)
    .filter((clause) => clause !== undefined);
  // An insertion sort, as there: the comparison is no order (`*/*;q=1` and `a/b;q=0.5` each go before the other), so the
  // outcome depends on the algorithm. Here it means that what is precise goes before a wildcard, whatever the qualities.
  for (let i = 1; i < clauses.length; i++) {
    for (let j = i; j > 0 && goesBefore(clauses[j], clauses[j - 1]); j--) {
      const [moved] = clauses.splice(j, 1);
      if (moved !== undefined) clauses.splice(j - 1, 0, moved);
    }
  }
  return clauses;
}

function goesBefore(a: Clause | undefined, b: Clause | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.quality > b.quality) return true;
  if (a.type !== "*" && b.type === "*") return true;
  return a.subtype !== "*" && b.subtype === "*";
}

function clauseOf(text: string): Clause | undefined {
  const [range = "", ...rest] = text.split(";");
  const [type = "", subtype, ...more] = range.split("/").map((part) => part.trim());
  if (more.length > 0 || ((subtype ?? "") === "" && type !== "*")) return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const parameter of rest) {
    const [name = "", value = "", ...tail] = parameter.split("=");
    if (value === "" || tail.length > 0) continue;
    if (name.trim() === "q") quality = qualityOf(value);
    else parameters.set(name.trim(), value.trim());
  }
  return { type, subtype: (subtype ?? "") === "" ? "*" : (subtype ?? "*"), quality, parameters };
}

/** What is no number counts as 0. A quality of 0 refuses nothing: it is tried last. */
function qualityOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : 0;
}
