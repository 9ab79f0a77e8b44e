/**
 * Which SQL the pooler lets through. Hyperdrive hands a connection to somebody else after each transaction, so whatever
 * lives longer than one does not work in production (platform.md 6); it is refused here so that it fails on a laptop
 * first. Pure.
 */
export interface Verdict {
  /** The text opens a transaction block. */
  readonly begins: boolean;
  /** Never allowed, with the name to show: `LISTEN`, `pg_advisory_lock`. */
  readonly refused?: string;
  /**
   * Changes session state, with the name to show. Allowed inside a transaction only (`covered` = in one that this text
   * opens itself), and the connection is thrown away afterwards.
   */
  readonly session?: { readonly name: string; readonly covered: boolean };
}

// COPY is here for another reason: its sub-protocol swallows Syncs, and nothing of ours needs it.
const NEVER = new Set([
  "listen",
  "unlisten",
  "notify",
  "prepare",
  "execute",
  "deallocate",
  "discard",
  "copy",
]);
const NEVER_CALLED = /^(pg_notify|pg_(try_)?advisory_(xact_)?(lock|unlock)(_shared|_all)?)$/;
const LOCAL_SET = new Set(["local", "transaction", "constraints"]);
const TEMPORARY = new Set(["temp", "temporary"]);

/** Judges one query text, which may hold several statements. Text inside strings and DO blocks is not looked at. */
export function judge(sql: string): Verdict {
  let begins = false;
  let session: Verdict["session"];
  let words: string[] = [];
  for (const token of tokens(sql)) {
    if (token !== ";") {
      if (NEVER_CALLED.test(token)) return { begins, refused: token };
      words.push(token);
      continue;
    }
    const [first = "", second = "", third = ""] = words;
    if (NEVER.has(first)) return { begins, refused: first.toUpperCase() };
    if (first === "declare" && isHoldCursor(words)) return { begins, refused: "DECLARE … WITH HOLD" };
    if (first === "begin" || (first === "start" && second === "transaction")) begins = true;
    if (first === "commit" || first === "end" || first === "abort") begins = false;
    if (first === "rollback" && second !== "to") begins = false;
    const changesSession =
      first === "reset" ||
      (first === "set" && !LOCAL_SET.has(second)) ||
      (first === "create" && (TEMPORARY.has(second) || TEMPORARY.has(third)));
    if (changesSession) session ??= { name: `${first} ${second}`.trim().toUpperCase(), covered: begins };
    words = [];
  }
  return { begins, ...(session === undefined ? {} : { session }) };
}

function isHoldCursor(words: readonly string[]): boolean {
  return words.some((word, index) => word === "hold" && words[index - 1] === "with");
}

// What a statement is made of, as far as it matters here: skipped are comments, strings, quoted names and numbers.
const TOKEN =
  /(?<skip>\s+|--[^\n]*|e'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\d[\w.]*)|(?<word>[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<end>;)/iy;
const DOLLAR_QUOTE = /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy;

/** Lower-case words and `;`, with one `;` at the end. */
function* tokens(sql: string): Generator<string> {
  let at = 0;
  while (at < sql.length) {
    if (sql.startsWith("/*", at)) {
      at = endOfComment(sql, at);
      continue;
    }
    DOLLAR_QUOTE.lastIndex = at;
    const [dollar] = DOLLAR_QUOTE.exec(sql) ?? [];
    if (dollar !== undefined) {
      const close = sql.indexOf(dollar, at + dollar.length);
      at = close === -1 ? sql.length : close + dollar.length;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(sql);
    if (match === null) {
      at += 1;
      continue;
    }
    at = TOKEN.lastIndex;
    if (match.groups?.["word"] !== undefined) yield match.groups["word"].toLowerCase();
    if (match.groups?.["end"] !== undefined) yield ";";
  }
  yield ";";
}

/** PostgreSQL's block comments nest. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at += 1) {
    if (sql.startsWith("/*", at)) {
      depth += 1;
      at += 1;
    } else if (sql.startsWith("*/", at)) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}
