/** Deletions: of one object, and of all that a list finds. */
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { planDelete } from "./admission.ts";
import { again, commitPlanned, currentObject, isRace } from "./committing.ts";
import type { Session } from "./committing.ts";
import type { DeletedPage, DeletionQuery, Preconditions, WriteOptions } from "./contract.ts";
import { conflict, isStoreError } from "./errors.ts";
import { readPage } from "./pages.ts";
import type { PageQuery } from "./pages.ts";
import type { Propagation } from "./propagation.ts";
import type { ObjectKey } from "./types.ts";

/** Deletions of one `deleteCollection` under way at once. */
const deletions = 16;

/** Without finalizers it goes at once, else it gets its deletionTimestamp. No rights are judged. */
export function deleteObject(
  session: Session,
  definition: ResourceDefinition,
  { namespace, name }: Pick<ObjectKey, "namespace" | "name">,
  { uid, resourceVersion, dryRun, ...propagation }: WriteOptions & Preconditions & Propagation,
): Promise<KubeObject> {
  // Kubernetes names the kind here, where it else has the plural.
  const named = { ...definition, plural: definition.kind };
  return again(
    session,
    definition,
    async (definition) => {
      const current = await currentObject(session, definition, namespace, name);
      const { metadata } = current;
      if (uid !== undefined && uid !== metadata.uid)
        throw conflict(
          named,
          name,
          `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ""}). The object might have been deleted and then recreated`,
        );
      if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
        throw conflict(
          named,
          name,
          `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ""}). The object might have been modified`,
        );
      const planned = await planDelete(session.admission, definition, current, propagation);
      return planned === undefined ? current : commitPlanned(session, planned, [], dryRun);
    },
    (error) => resourceVersion === undefined && isRace(error),
  );
}

/**
 * Deletes what a list finds, each on its own; what is gone meanwhile is left out. Throws `Conflict` for the first that is not as a
 * precondition has it, as in Kubernetes. No rights are judged.
 */
export async function deleteCollection(
  session: Session,
  definition: ResourceDefinition,
  { limit = Infinity, ...query }: DeletionQuery,
  options: WriteOptions & Preconditions & Propagation,
): Promise<DeletedPage> {
  const isConditional = options.uid !== undefined || options.resourceVersion !== undefined;
  const deleted: KubeObject[] = [];
  let from: Pick<PageQuery, "at" | "after"> = {};
  for (let seen = 0; ;) {
    const wanted = {
      ...query,
      ...from,
      type: typeKey(definition),
      limit: Math.min(deletions, limit - seen),
    };
    const page = await readPage(session.deps.sql(), wanted);
    const gone = page.rows.map(({ namespace, name, uid }) =>
      deleteObject(session, definition, { namespace, name }, { uid, ...options }).catch((error: unknown) => {
        const isGone = isStoreError(error, "NotFound") || isStoreError(error, "Conflict");
        if (isGone && !(isConditional && isStoreError(error, "Conflict"))) return undefined;
        throw error;
      }),
    );
    deleted.push(...(await Promise.all(gone)).filter((object) => object !== undefined));
    if (page.next === undefined) return { items: deleted };
    seen += page.rows.length;
    if (seen >= limit) return { items: deleted, next: { revision: page.revision, key: page.next } };
    from = { at: page.revision, after: page.next };
  }
}
