/** What apply must know of an object's type. Pure. */
import { apiVersionOf } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { objectSchema } from "../resources/object-schema.ts";
import { atomOf } from "./atoms.ts";
import type { Atom } from "./atoms.ts";
import { difference, insert, onlyBelow, recursiveDifference } from "./field-set.ts";
import type { FieldSet, GrowingSet } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";

export interface ObjectType {
  /** The version of the request. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly bare?: Readonly<Record<string, unknown>>;
  /** With a status subresource, each of both kinds of request owns nothing of the other's. */
  readonly statusSubresource: boolean;
  /** A write of the status owns what it writes of metadata, too. */
  readonly statusMetadata?: boolean;
  /** Whole objects in terms of a version; `undefined` for one that is not served. */
  readonly atomOf: (apiVersion: string) => Atom | undefined;
}

const types = new WeakMap<ResourceDefinition, ObjectType>();

/** Of one version of a type. Kept by its declaration. */
export function objectTypeOf(definition: ResourceDefinition): ObjectType {
  let type = types.get(definition);
  if (type === undefined) {
    const apiVersion = apiVersionOf(definition);
    type = {
      apiVersion,
      kind: definition.kind,
      ...(definition.bare === undefined ? {} : { bare: definition.bare }),
      statusSubresource: definition.statusSubresource === true,
      statusMetadata: definition.statusMetadata === true,
      atomOf: (version) => {
        const other = version === apiVersion ? definition : definition.custom?.inVersion(version);
        return other && atomOf(objectSchema(other));
      },
    };
    types.set(definition, type);
  }
  return type;
}

const status: FieldSet = new Map([[fieldElement("status"), { member: true, children: undefined }]]);

/** Takes out what a request to the object or to its status cannot write. */
export function resetFilter(
  { statusSubresource, statusMetadata = false }: ObjectType,
  subresource: string | undefined,
): (set: FieldSet) => FieldSet {
  if (subresource === "status") {
    const elements = ["status", ...(statusMetadata ? ["metadata"] : [])].map(fieldElement);
    return (set) => onlyBelow(set, elements);
  }
  return statusSubresource ? (set) => recursiveDifference(set, status) : (set) => set;
}

/** Fields that nobody owns: the server's, and what identifies the object (apimachinery `stripMetaManager`). */
const nobodys: FieldSet = (() => {
  const set: GrowingSet = new Map();
  for (const name of ["apiVersion", "kind", "metadata"]) insert(set, [fieldElement(name)]);
  const ofMetadata = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ];
  for (const name of ofMetadata) insert(set, [fieldElement("metadata"), fieldElement(name)]);
  return set;
})();

export function stripped(set: FieldSet): FieldSet {
  return difference(set, nobodys);
}
