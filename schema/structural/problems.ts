/** Problems found so far, each once, as kube-openapi's `Result` keeps them. */
import { child } from "./field-error.ts";
import type { FieldError } from "./types.ts";

/** A hostile object must not make an answer of a million errors. */
const maxErrors = 100;

interface Problem {
  /** The same text is the same problem, however it was come by. */
  readonly text: string;
  readonly error: FieldError;
}

export class Problems {
  readonly #base: string;
  #found: Problem[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  get isFull(): boolean {
    return this.#found.length >= maxErrors;
  }

  /** `make` gets a function from a name inside of the value to a path inside of the object. */
  add(text: string, make: (path: (name: string) => string) => FieldError, atBase = false): void {
    if (this.isFull || this.#found.some((problem) => problem.text === text)) return;
    const error = make(this.#path);
    this.#found.push({ text, error: atBase && this.#base !== "" ? { ...error, field: this.#base } : error });
  }

  readonly #path = (name: string): string => {
    const inner = name.startsWith(".") ? name.slice(1) : name;
    return inner === "" ? this.#base : child(this.#base, inner);
  };

  /** An empty list for trying an alternative. */
  apart(): Problems {
    return new Problems(this.#base);
  }

  take(others: Problems): void {
    for (const { text, error } of others.#found) this.add(text, () => error);
  }

  mark(): number {
    return this.#found.length;
  }

  since(mark: number): boolean {
    return this.#found.length > mark;
  }

  forgive(mark: number): void {
    this.#found.length = mark;
  }

  errors(): FieldError[] {
    return this.#found.map(({ error }) => error);
  }
}
