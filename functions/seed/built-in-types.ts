/** The CustomResourceDefinitions that stand for declared types (schema/custom/built-in.ts), brought up to date. */
import type { Sql } from "postgres";
import { builtInDefinition, hasDefinition } from "../../schema/custom/built-in.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { customResourceDefinitions } from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.ts";
import type { CustomResourceDefinition } from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import {
  builtInAnnotation,
  crdKey,
} from "../../schema/resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { registry } from "../../schema/resources/registry.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";

/** Written at once. */
const writers = 16;

/** Writes those alone whose declaration has changed: in a steady state it is one statement. */
export async function seedBuiltInTypes(store: BoundStore, sql: Sql): Promise<void> {
  const rows = await sql<{ name: string; hash: string }[]>`
    select name, fields->'builtIn'->>0 as hash from objects
    where type = ${crdKey} and fields->'builtIn' is not null`;
  const known = new Map(rows.map(({ name, hash }) => [name, hash]));
  const left = registry.all().filter(hasDefinition).values();
  await Promise.all(Array.from({ length: writers }, () => writeAll(store, left, known)));
}

async function writeAll(
  store: BoundStore,
  left: Iterator<ResourceDefinition> & Iterable<ResourceDefinition>,
  known: ReadonlyMap<string, string>,
): Promise<void> {
  for (const definition of left) {
    const wanted = builtInDefinition(definition);
    const hash = await hashOf(wanted);
    if (known.get(wanted.metadata.name) !== hash) await write(store, wanted, hash);
  }
}

async function write(store: BoundStore, wanted: CustomResourceDefinition, hash: string): Promise<void> {
  const { name, labels } = wanted.metadata;
  const marked = (crd: CustomResourceDefinition): CustomResourceDefinition => ({
    ...wanted,
    metadata: {
      ...crd.metadata,
      labels: { ...crd.metadata.labels, ...labels },
      annotations: { ...crd.metadata.annotations, [builtInAnnotation]: hash },
    },
  });
  try {
    await store.create<CustomResourceDefinition>(customResourceDefinitions, marked(wanted));
  } catch (error) {
    if (!isStoreError(error, "AlreadyExists")) throw error;
    // Another's, or an older version's, or a user's own from before the type was declared here.
    await store.modify<CustomResourceDefinition>(customResourceDefinitions, "", name, marked);
  }
}

async function hashOf(crd: CustomResourceDefinition): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(crd));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
