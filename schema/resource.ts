/**
 * What one declared type is (design 3: "a type is declared once"). Files in `schema/resources/<group>/` export one
 * `ResourceDefinition` each; discovery, validation, storage and every API face are derived from it.
 */
import type { KubeObject } from "./object.ts";
import type { NormanProjection } from "./norman.ts";
import type { ScopedRule } from "./rbac/types.ts";
import type { FieldError, JsonSchema } from "./structural/types.ts";

export interface ResourceDefinition<T extends KubeObject = KubeObject> {
  /** Empty string for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  /** Groups of types that kubectl gets at once: `kubectl get cluster-api`. */
  readonly categories?: readonly string[];
  /** Absent: `<kind>List`. */
  readonly listKind?: string;
  readonly scope: "Cluster" | "Namespaced";
  /** What its objects may be called; absent: a DNS subdomain. `path`: whatever a URL can have in a segment. */
  readonly nameForm?: "subdomain" | "label" | "path";
  /** Structural schema of the object without apiVersion, kind and metadata. Built on first use (design 3). */
  readonly schema: () => JsonSchema;
  /**
   * Of a body, in parts that no structural schema describes: why it is no such object (400), and the paths of members that
   * mean nothing.
   */
  readonly undecoded?: (body: object) => { readonly problem?: string; readonly unknown: readonly string[] };
  /** What an object has of which nothing was said: who creates one owns nothing of it by leaving it so. */
  readonly bare?: Readonly<Record<string, unknown>>;
  /** With a status subresource, ordinary writes ignore `status` and status writes ignore everything else. */
  readonly statusSubresource?: boolean;
  /** A write of the status may change labels, annotations and such as well, as Kubernetes has it for Namespaces. */
  readonly statusMetadata?: true;
  /** With it, `/scale` shows and sets the number of replicas. */
  readonly scaleSubresource?: ScaleSubresource;
  /** Labels of the CustomResourceDefinition that describes this type. */
  readonly definitionLabels?: Readonly<Record<string, string>>;
  /**
   * `spec.finalizers` hold a deleted object as `metadata.finalizers` do. Only writes of the subresource `finalize` change
   * them, which say nothing about `status`.
   */
  readonly finalizeSubresource?: boolean;
  /** Added to an object that is deleted: what it names must be done before the object goes. */
  readonly deletionFinalizer?: string;
  readonly printerColumns?: readonly PrinterColumn[];
  /** JSON pointers of top-level members that are sealed at rest, in objects and events: `["/data"]`. */
  readonly sensitive?: readonly string[];
  /**
   * Top-level members that say what was seen, such as when a token was last used: a change of these alone is no new
   * generation. Of credentials, it changes nobody's rights.
   */
  readonly observations?: readonly string[];
  /** Field name → values stored in the indexed `fields` column; computed before sealing. Never index a clear secret: hash it. */
  readonly indexes?: Readonly<Record<string, IndexValues<T>>>;
  /**
   * Indexes whose values no two live objects may share. `validate` looks for the other one and words the error; the
   * store makes that race-safe: a write that changes such a value is judged by, and raises, the generation
   * `unique:<type>/<bucket>` in `meta`.
   */
  readonly unique?: readonly string[];
  /**
   * Index → the type whose objects its values name: `name`, or `namespace/name`. `validate` looks for what is named, and
   * that of the other type, on DELETE, for who names it. Both may find nothing in one moment; so a write that takes such a
   * value and a delete of what is named are judged by, and raise, one generation `reference:<type>/<bucket>`.
   */
  readonly references?: Readonly<Record<string, string>>;
  /** Its rules look at all objects of the type (cycles): each write is judged by, and raises, one generation of the type. */
  readonly oneAtATime?: true;
  /** Others name its objects by `references`, and are in the way of a delete. */
  readonly referenced?: true;
  /** What may be done with the type; absent: everything. `create` alone: a question, answered and never stored. */
  readonly verbs?: readonly string[];
  /** Besides `status`, by name: `token` of ServiceAccounts. Each has a handler of its own (functions/http/kube/local). */
  readonly subresources?: Readonly<Record<string, Subresource>>;
  /** Its rows are another type's, shown in another shape: nothing is stored under its own name. */
  readonly view?: View;
  /** Dotted paths that field selectors may name, besides metadata.name and metadata.namespace: `status.phase`. */
  readonly selectableFields?: readonly string[];
  /** A PUT of an absent object makes it, as Kubernetes does for some of its types. */
  readonly createOnUpdate?: true;
  /** A PUT must name the resourceVersion it changes; absent: so it is for types outside of Kubernetes' own groups. */
  readonly conditionalUpdate?: boolean;
  /** The generation in `meta` that every write of this type raises; `registry` also `registry:<name>`. */
  readonly raises?: "rbac" | "registry";
  /**
   * The name of an object that is made with `generateName` alone, where it follows from the content: equal objects then
   * collide (409). `undefined`: a random one.
   */
  generatedName?(object: T): Promise<string | undefined>;
  /**
   * What Rancher's mutating webhook does. Pure but for the lookups in the context. Runs after defaulting, on a private
   * copy, not for DELETE; on CREATE it may set `status`, also of a type whose creators may not.
   */
  mutate?(context: AdmissionContext<T>): Promise<T> | T;
  /** What Rancher's validating webhook does, for DELETE as well; an empty list accepts. */
  validate?(context: AdmissionContext<T>): Promise<readonly FieldError[]> | readonly FieldError[];
  /**
   * What else the write changes, committed with it or not at all: what Rancher's webhook writes by itself. Runs after
   * `validate`, for DELETE as well, and acts as the server.
   */
  alongside?(context: AdmissionContext<T>): Promise<readonly Alongside[]> | readonly Alongside[];
  /**
   * Steps between the forms in which objects of a declared type have been stored. Objects are stored in form
   * 1 + the number of steps; step n turns form n + 1 into form n + 2 and never throws: rows of older forms are read by it
   * for as long as they exist. Whoever changes what is stored, or what is indexed of it, appends a step; an earlier one
   * never changes. The object is a private copy, sensitive members included.
   */
  readonly migrations?: readonly ((object: KubeObject) => KubeObject)[];
  readonly norman?: NormanProjection<T>;
  /** Of a CustomResourceDefinition that somebody made, in one of its versions; absent: declared here. */
  readonly custom?: CustomType;
}

/** What a user's type has that a declared one has not: it changes while we run, and may have several versions. */
export interface CustomType {
  /** Generations in `meta` that it was read at. Every write of its objects is judged by them. */
  readonly expects: Readonly<Record<string, number>>;
  /** Its objects are stored under this apiVersion, whatever version they are asked for in. */
  readonly storedAs: string;
  /** Of a version, served or not, as its objects are stored: without what every object has. */
  readonly schemaOf: (apiVersion: string) => JsonSchema | undefined;
  /** What is said besides these errors in a schema: that rules were not run. */
  readonly unchecked: (errors: readonly FieldError[]) => readonly FieldError[];
  /** Another version of the type, or itself; `undefined` for one that is not served. */
  readonly inVersion: (apiVersion: string) => ResourceDefinition | undefined;
  /** Rows up to this revision may have been written by an older schema, or under another apiVersion. */
  readonly since: number;
  /** Its CustomResourceDefinition is being deleted: nothing new is made. */
  readonly terminating: boolean;
  /** Sent as a `Warning` with every answer. */
  readonly deprecation?: string;
}

/** `apply`: creates or updates; an object with a resourceVersion is judged again when it is no longer the current one. */
export interface Alongside {
  readonly action: "apply" | "delete";
  /** `typeKey()`. */
  readonly type: string;
  readonly object: KubeObject;
}

/** How a type shows the rows of another one. Pure. */
export interface View {
  readonly of: ResourceDefinition;
  /** All rows are in it, and the type, having no namespaces, shows none. What serves it says which of them a caller sees. */
  readonly namespace?: string;
  /** Of whole objects, and of the parts that an apply names. */
  readonly toStored: (object: KubeObject) => KubeObject;
  /** Members that every stored object has. */
  readonly standing: Readonly<Record<string, unknown>>;
  readonly fromStored: (object: KubeObject) => KubeObject;
  /** The path of a selectable field in the stored shape. */
  readonly storedField: (field: string) => string;
  /** What is asked of a write besides the other type's own rules; both in the stored shape, `old` on an update. */
  readonly validate: (object: KubeObject, old?: KubeObject) => FieldError[];
}

/** What is read and written behind an object's path, of a kind of its own. */
export interface Subresource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  /** As of a type: without apiVersion, kind and metadata. */
  readonly schema: () => JsonSchema;
}

/** A method's type, because such parameters are bivariant: a definition of any T is then a `ResourceDefinition`. */
export type IndexValues<T> = { values(object: T): readonly string[] }["values"];

export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly jsonPath: string;
  readonly priority?: number;
  readonly format?: string;
  readonly description?: string;
}

/** Paths as a CustomResourceDefinition has them: `.spec.replicas`. */
export interface ScaleSubresource {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export interface AdmissionContext<T extends KubeObject = KubeObject> {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  /** The object as it shall be; on DELETE the one that goes. */
  readonly object: T;
  /** Absent on CREATE. */
  readonly old?: T;
  /** Absent: a write of the object itself. */
  readonly subresource?: "status" | "scale" | "finalize";
  /** On DELETE: what the object owns is to stay, without an owner. */
  readonly orphans?: true;
  /** Who writes: for rules against escalation and against harming oneself. */
  readonly actor: {
    readonly name: string;
    readonly groups?: readonly string[];
    readonly rules: readonly ScopedRule[];
    /** The server itself: what only it may do asks for this, never for a name. */
    readonly server?: true;
  };
  /** `undefined` when absent; unaffected by the caller's rights. */
  readonly lookup: (type: string, namespace: string, name: string) => Promise<KubeObject | undefined>;
  /** Objects of a type whose index `field` holds `value`. */
  readonly lookupByIndex: (type: string, field: string, value: string) => Promise<KubeObject[]>;
  readonly now: () => Date;
  /** Declared types, by `typeKey()`. */
  readonly declared: (key: string) => ResourceDefinition | undefined;
}

/** The key of a type in the store and in RBAC errors: `clusters.management.cattle.io`, `secrets` for the core group. */
export function typeKey(definition: Pick<ResourceDefinition, "group" | "plural">): string {
  return definition.group === "" ? definition.plural : `${definition.plural}.${definition.group}`;
}

/** Kubernetes' own types, which kube-apiserver treats otherwise than custom ones here and there. */
export function isKubernetesType({ group, custom }: Pick<ResourceDefinition, "group" | "custom">): boolean {
  return custom === undefined && (group === "" || group.endsWith(".k8s.io"));
}

/** `management.cattle.io/v3`, `v1` for the core group. */
export function apiVersionOf(definition: Pick<ResourceDefinition, "group" | "version">): string {
  return definition.group === "" ? definition.version : `${definition.group}/${definition.version}`;
}
