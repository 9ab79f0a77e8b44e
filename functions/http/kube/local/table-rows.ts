/**
 * Rows of tables as JSON text. What a row shows of an object does not change before the object does, but for how long ago
 * things were: so a row that was made once is made again from its text.
 */
import { BoundedMap } from "../../../../schema/bounded-map.ts";
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
 * of which revision, the database says each time.
 */
export function knownRowTexts(maxCharacters: number): BoundedMap<RowText> {
  return new BoundedMap(maxCharacters, ({ parts }, key) =>
    parts.reduce((sum, part) => sum + part.length, key.length),
  );
}
