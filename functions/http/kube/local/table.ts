/** Objects as a meta.k8s.io Table, what `kubectl get` prints. Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import { typeKey } from "../../../../schema/resource.ts";
import type { PrinterColumn, ResourceDefinition } from "../../../../schema/resource.ts";
import { ApiError } from "../../errors.ts";
import { builtInColumns } from "./built-in-columns.ts";
import { cellOf } from "./cell.ts";
import { ageDescription, nameColumn, shown } from "./column.ts";
import type { Column, ColumnDefinition } from "./column.ts";
import { findJsonPath } from "./jsonpath-find.ts";
import { JsonPathError, parseJsonPath } from "./jsonpath.ts";
import type { JsonPath } from "./jsonpath.ts";
import type { MetaVersion } from "./negotiate.ts";
import { partialMetadataOf } from "./partial-metadata.ts";
import type { ListMeta } from "./partial-metadata.ts";

/** How much of an object comes with its row. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  readonly includeObject: IncludeObject;
  /** For the events of a watch after the first. */
  readonly noHeaders?: boolean;
  /** Of a list. Without it, the table has the resourceVersion of its only object: the answer to a get, an event. */
  readonly metadata?: ListMeta;
  readonly now?: Date;
  readonly apiVersion?: MetaVersion;
}

export interface Table {
  readonly kind: "Table";
  readonly apiVersion: MetaVersion;
  readonly metadata: ListMeta;
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: object | null }[];
}

export type TableType = Pick<ResourceDefinition, "group" | "plural" | "printerColumns">;

/** `?includeObject=`; Metadata unless asked otherwise. Throws `BadRequest`. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  switch (value) {
    case "":
      return "Metadata";
    case "None":
    case "Metadata":
    case "Object":
      return value;
    default:
      throw new ApiError(
        "BadRequest",
        `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
      );
  }
}

export function tableOf(definition: TableType, objects: readonly KubeObject[], options: TableOptions): Table {
  const { includeObject, noHeaders = false, now = new Date(), apiVersion = "meta.k8s.io/v1" } = options;
  const columns = columnsOf(definition);
  const [only] = objects;
  return {
    kind: "Table",
    apiVersion,
    metadata: options.metadata ?? versionOf(only),
    columnDefinitions: noHeaders ? null : columns.map(definitionOf),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => shown(cell(object), now)),
      object: included(object, includeObject, apiVersion),
    })),
  };
}

function versionOf(object: KubeObject | undefined): ListMeta {
  const resourceVersion = object?.metadata.resourceVersion;
  return resourceVersion === undefined ? {} : { resourceVersion };
}

/** The bookmark that ends the initial state of a watch is told by its annotation, so its metadata always comes along. */
export function included(
  object: KubeObject,
  includeObject: IncludeObject,
  apiVersion: MetaVersion,
): object | null {
  if (includeObject === "Object") return object;
  const endsState = object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
  return includeObject === "Metadata" || endsState ? partialMetadataOf(object, apiVersion) : null;
}

export function definitionOf({ name, type, format, description, priority }: Column): ColumnDefinition {
  return { name, type, format, description, priority };
}

const defaultColumns: readonly PrinterColumn[] = [
  { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: ageDescription },
];

/**
 * Kubernetes' own types have the columns they have there. Others have what they declare and nothing more: Age only where
 * they declare it or nothing at all. As there, a path that cannot be read ends the row.
 */
export function columnsOf(definition: TableType): readonly Column[] {
  const key = typeKey(definition);
  const builtIn = Object.hasOwn(builtInColumns, key) ? builtInColumns[key] : undefined;
  if (builtIn !== undefined) return builtIn;
  const { printerColumns = [] } = definition;
  const columns: Column[] = [nameColumn];
  for (const declared of printerColumns.length === 0 ? defaultColumns : printerColumns) {
    const path = readPath(declared.jsonPath);
    if (path === undefined) break;
    columns.push(columnOf(declared, path));
  }
  return columns;
}

function columnOf(
  { name, type, jsonPath, format, description, priority }: PrinterColumn,
  path: JsonPath,
): Column {
  return {
    name,
    type,
    format: format ?? "",
    description: description ?? `The value at ${jsonPath}.`,
    priority: priority ?? 0,
    cell: (object) => cellOf(type, findJsonPath(path, object)),
  };
}

function readPath(text: string): JsonPath | undefined {
  try {
    return parseJsonPath(text);
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}
