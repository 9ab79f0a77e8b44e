/**
 * Rows of tables as JSON text. What a row shows of an object does not change before the object does, but for how long ago
 * things were: so a row that was made once is made again from its text.
 */
import type { KubeObject } from "../../../../schema/object.ts";
import { Since } from "./column.ts";
import { ageAt, momentOf } from "./human-duration.ts";
import type { Moment } from "./human-duration.ts";
import type { MetaVersion } from "./negotiate.ts";
import { columnsOf, included } from "./table.ts";
import type { IncludeObject, TableType } from "./table.ts";

export interface RowForm {
  readonly includeObject: IncludeObject;
  readonly apiVersion: MetaVersion;
}

/** Parts of the text, with an age between each and the next. */
export interface RowText {
  readonly parts: readonly string[];
  readonly moments: readonly Moment[];
}

/** Makes the rows of one table. */
export function rowMaker(
  definition: TableType,
  { includeObject, apiVersion }: RowForm,
): (object: KubeObject) => RowText {
  const columns = columnsOf(definition);
  return (object) => {
    const parts: string[] = [];
    const moments: Moment[] = [];
    let part = '{"cells":[';
    for (const [index, { cell }] of columns.entries()) {
      const value = cell(object);
      if (index > 0) part += ",";
      if (value instanceof Since) {
        parts.push(`${part}"`);
        moments.push(momentOf(value.time));
        part = '"';
      } else part += JSON.stringify(value ?? null);
    }
    parts.push(`${part}],"object":${JSON.stringify(included(object, includeObject, apiVersion))}}`);
    return { parts, moments };
  };
}

export function rowTextAt({ parts, moments }: RowText, now: Date): string {
  let text = parts[0] ?? "";
  for (const [index, moment] of moments.entries()) text += ageAt(moment, now) + (parts[index + 1] ?? "");
  return text;
}

/**
 * Rows that this isolate has made, by what they are of: never an answer by themselves, since which objects there are, and
 * of which revision, the database says each time. The one that was made first goes when they have more than
 * `maxCharacters`.
 */
export class KnownRowTexts {
  readonly #maxCharacters: number;
  readonly #rows = new Map<string, RowText>();
  #characters = 0;

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  get(key: string): RowText | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: RowText): void {
    if (this.#rows.has(key)) return;
    this.#rows.set(key, row);
    this.#characters += sizeOf(key, row);
    for (const [oldest, dropped] of this.#rows) {
      if (this.#characters <= this.#maxCharacters) return;
      this.#rows.delete(oldest);
      this.#characters -= sizeOf(oldest, dropped);
    }
  }
}

function sizeOf(key: string, { parts }: RowText): number {
  return parts.reduce((sum, part) => sum + part.length, key.length);
}
