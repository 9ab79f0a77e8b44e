/** One column of a table, and the two that nearly every built-in type has. Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import { ageOf } from "./human-duration.ts";

/** A metav1 `TableColumnDefinition`. The descriptions are ours: no client known to us shows them. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** Above 0: shown only with `-o wide`. */
  readonly priority: number;
}

export interface Column extends ColumnDefinition {
  /** A JSON value, or a `Since`. */
  readonly cell: (object: KubeObject) => unknown;
}

/** The cell of a timestamp: how long ago it was, which changes while the object does not. */
export class Since {
  readonly time: unknown;

  constructor(time: unknown) {
    this.time = time;
  }
}

/** What a cell shows now. */
export function shown(cell: unknown, now: Date): unknown {
  return cell instanceof Since ? ageOf(cell.time, now) : cell;
}

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "Name of the object, unique among the objects of its type and namespace.",
  priority: 0,
  // A bookmark has none.
  cell: ({ metadata: { name = "" } }: { readonly metadata: { readonly name?: string } }) => name,
};

export const ageDescription = "Time since the object was created.";

export const ageColumn: Column = {
  name: "Age",
  type: "string",
  format: "",
  description: ageDescription,
  priority: 0,
  cell: ({ metadata }) => new Since(metadata.creationTimestamp),
};
