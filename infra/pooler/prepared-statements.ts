/**
 * Prepared statements over shared connections. A client's name for a statement means nothing on a connection that was
 * prepared for somebody else, so each distinct statement (text and parameter types) gets one name of ours, every
 * connection remembers which of them it knows, and a missing one is parsed just before its use. Pure.
 */
import type { Verdict } from "./statement-rules.ts";
import { judge } from "./statement-rules.ts";
import { cString, message } from "./messages.ts";

export interface Statement {
  /** The name on server connections. */
  readonly name: string;
  /** Text, parameter count and types: the Parse message behind its name. */
  readonly definition: Buffer;
  readonly verdict: Verdict;
}

/** Statements by definition. Bounded; a forgotten one that comes again simply gets another name. */
export class StatementRegistry {
  readonly #byDefinition = new Map<string, Statement>();
  readonly #limit: number;
  #count = 0;

  constructor(limit = 5000) {
    this.#limit = limit;
  }

  /** The statement of a Parse message's definition. */
  intern(definition: Buffer): Statement {
    const key = definition.toString("latin1");
    const known = this.#byDefinition.get(key);
    if (known !== undefined) return known;
    if (this.#byDefinition.size >= this.#limit) this.#byDefinition.clear();
    this.#count += 1;
    const statement = {
      name: `drover:${this.#count}`,
      // The frame it came in is part of a larger chunk that must not be kept alive.
      definition: Buffer.from(definition),
      verdict: judge(cString(definition, 0).text),
    };
    this.#byDefinition.set(key, statement);
    return statement;
  }
}

/** What becomes of the server's answer to a message: passed on, dropped, or passed on as ParseComplete. */
type Answer = "pass" | "drop" | "parse-complete";

interface Expected {
  readonly kind: "complete" | "ready";
  readonly answer: Answer;
  /** Puts our books right when the server skipped the message after an error. */
  undo?(): void;
}

export const PARSE_COMPLETE = message("1");
/** No statement of this name ever exists; closing it is a no-op that answers in its turn. */
const NOTHING = "drover:nothing";

/**
 * What one server connection has prepared, and which answers to Parse, Close, Sync and Query it still owes. PostgreSQL
 * answers in order, and after an error skips everything up to the next Sync.
 */
export class ServerStatements {
  readonly #prepared = new Map<Statement, true>();
  readonly #expected: Expected[] = [];
  readonly #limit: number;
  /** What the server's unnamed statement is. */
  #unnamed: Statement | undefined;

  constructor(limit = 500) {
    this.#limit = limit;
  }

  /** Nothing is under way. */
  get settled(): boolean {
    return this.#expected.length === 0;
  }

  /** Frames for a client's Parse. A statement the connection knows is not parsed again. */
  parse(statement: Statement, named: boolean): Buffer[] {
    if (!named) return [this.#parseUnnamed(statement, "pass")];
    if (!this.#prepared.has(statement)) return [...this.#evict(), this.#parseNamed(statement, "pass")];
    this.#touch(statement);
    return [this.#closeNothing("parse-complete")];
  }

  /** Frames that must come before a Bind or Describe of this statement. */
  require(statement: Statement, named: boolean): Buffer[] {
    if (!named) return this.#unnamed === statement ? [] : [this.#parseUnnamed(statement, "drop")];
    if (!this.#prepared.has(statement)) return [...this.#evict(), this.#parseNamed(statement, "drop")];
    this.#touch(statement);
    return [];
  }

  /** The frame for a client's Close of a statement. The statement itself stays for others. */
  closeStatement(): Buffer {
    return this.#closeNothing("pass");
  }

  /** A Close of a portal was sent as it is. */
  closePortalSent(): void {
    this.#expected.push({ kind: "complete", answer: "pass" });
  }

  /** A Sync or a Query was sent; each brings one ReadyForQuery. A Query destroys the unnamed statement. */
  syncSent(kind: "sync" | "query", answer: "pass" | "drop" = "pass"): void {
    if (kind === "query") this.#unnamed = undefined;
    this.#expected.push({ kind: "ready", answer });
  }

  /** What to do with a ParseComplete or CloseComplete. */
  completed(): Answer {
    return this.#expected.shift()?.answer ?? "pass";
  }

  /** What to do with a ReadyForQuery. Whatever was still expected before it has been skipped after an error. */
  ready(): Answer {
    for (;;) {
      const expected = this.#expected.shift();
      if (expected === undefined || expected.kind === "ready") return expected?.answer ?? "pass";
      expected.undo?.();
    }
  }

  #parseNamed(statement: Statement, answer: Answer): Buffer {
    this.#prepared.set(statement, true);
    this.#expected.push({ kind: "complete", answer, undo: () => this.#prepared.delete(statement) });
    return message("P", statement.name, statement.definition);
  }

  #parseUnnamed(statement: Statement, answer: Answer): Buffer {
    this.#unnamed = statement;
    this.#expected.push({ kind: "complete", answer, undo: () => (this.#unnamed = undefined) });
    return message("P", "", statement.definition);
  }

  #closeNothing(answer: Answer): Buffer {
    this.#expected.push({ kind: "complete", answer });
    return message("C", Buffer.from("S"), NOTHING);
  }

  #touch(statement: Statement): void {
    this.#prepared.delete(statement);
    this.#prepared.set(statement, true);
  }

  /** Makes room by closing the statement that was not used for the longest time. */
  #evict(): Buffer[] {
    const [oldest] = this.#prepared.keys();
    if (oldest === undefined || this.#prepared.size < this.#limit) return [];
    this.#prepared.delete(oldest);
    this.#expected.push({ kind: "complete", answer: "drop", undo: () => this.#prepared.set(oldest, true) });
    return [message("C", Buffer.from("S"), oldest.name)];
  }
}
