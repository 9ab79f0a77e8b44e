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
  readonly cell: (object: KubeObject, now: Date) => unknown;
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
  cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
};
