/** How a declared type appears in the Norman `/v3` API (norman-v3.md 1-3). `functions/http/norman` is driven by this alone. */
import type { KubeObject } from "./object.ts";

export interface NormanField {
  /** Norman type: string, password, int, boolean, date, enum, dnsLabel, reference[x], array[x], map[x], or a schema id. */
  readonly type: string;
  /** Dotted path in the object; absent = computed, by `project` or by the type's rules. */
  readonly path?: string;
  readonly create?: boolean;
  readonly update?: boolean;
  readonly required?: boolean;
  /** `false`: null and "" are refused (NotNullable). Absent = true. */
  readonly nullable?: boolean;
  /** Shown in answers to POST alone. */
  readonly writeOnly?: boolean;
  /** Shown when the object has no value, and stored on POST when the client gives none. */
  readonly default?: unknown;
  readonly options?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface NormanAction {
  /** Schema ids. */
  readonly input?: string;
  readonly output?: string;
}

export interface NormanProjection<T extends KubeObject = KubeObject> {
  readonly id: string;
  readonly pluralName: string;
  readonly collectionMethods: readonly ("GET" | "POST")[];
  readonly resourceMethods: readonly ("GET" | "PUT" | "DELETE")[];
  /** Without the fields that all types have (norman-v3.md 3.4): those come from metadata. */
  readonly fields: Readonly<Record<string, NormanField>>;
  /** Types with both spec and status: `state`, `transitioning`, `transitioningMessage` are derived (norman-v3.md 4.3). */
  readonly stateful?: boolean;
  /** Prefix of generated ids, with its dash: `c-`. Absent: the client gives the name. */
  readonly idPrefix?: string;
  /** Namespaced types: the reference field that names the namespace. Ids are then `<namespace>:<name>`. */
  readonly namespaceField?: string;
  /** Declared actions: any other is `InvalidAction`. */
  readonly resourceActions?: Readonly<Record<string, NormanAction>>;
  readonly collectionActions?: Readonly<Record<string, NormanAction>>;
  /** Output fields computed from the object alone. */
  project?(object: T): Readonly<Record<string, unknown>>;
}

/** Flags as in norman-v3.md 3.4: `C` creatable, `U` updatable, `R` required, `W` write-only; none = read-only. */
export function field(
  type: string,
  path: string | undefined,
  flags = "",
  more: Omit<NormanField, "type" | "path" | "create" | "update" | "required" | "writeOnly"> = {},
): NormanField {
  return {
    type,
    ...(path === undefined ? {} : { path }),
    create: flags.includes("C"),
    update: flags.includes("U"),
    ...(flags.includes("R") ? { required: true } : {}),
    ...(flags.includes("W") ? { writeOnly: true } : {}),
    ...more,
  };
}
