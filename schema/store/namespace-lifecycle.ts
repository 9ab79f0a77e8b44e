/** What NamespaceLifecycle, an admission plugin of kube-apiserver, sees to. */
import type { Session } from "./committing.ts";
import type { Operation } from "./contract.ts";
import { StoreError, notFound } from "./errors.ts";

/** As NamespaceLifecycle: a namespace must exist, or be made by the same commit, and not be going. */
export async function requireNamespaces(
  { deps, reader }: Session,
  operations: readonly Operation[],
): Promise<void> {
  const type = deps.registry.byTypeKey("namespaces");
  const made = operations
    .filter(({ action, definition }) => action === "create" && definition === type)
    .map(({ object }) => object.metadata.name);
  const needed = operations
    .filter(({ action, definition }) => action === "create" && definition.scope === "Namespaced")
    .map(({ object }) => object.metadata.namespace ?? "");
  for (const name of new Set(needed)) {
    if (type === undefined || name === "" || made.includes(name)) continue;
    const namespace = await reader.get(type, "", name);
    if (namespace === undefined) throw notFound(type, name);
    if (namespace.metadata.deletionTimestamp !== undefined)
      throw new StoreError(
        "Forbidden",
        `unable to create new content in namespace ${name} because it is being terminated`,
      );
  }
}
