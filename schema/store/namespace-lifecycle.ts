/** What NamespaceLifecycle, an admission plugin of kube-apiserver, sees to: its words and its judgements. */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { isRefusal } from "./committing.ts";
import type { Session } from "./committing.ts";
import type { Operation } from "./contract.ts";
import { StoreError, notFound } from "./errors.ts";

/** Kubernetes has its own way of making these; nobody has one of deleting them. */
const immortal = ["default", "kube-system", "kube-public"];

/** Throws `Forbidden`, also where there is none of that name. */
export function refuseImmortal(definition: ResourceDefinition, name: string): void {
  if (typeKey(definition) !== "namespaces" || !immortal.includes(name)) return;
  throw new StoreError(
    "Forbidden",
    `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`,
    { subject: { definition, name } },
  );
}

/** A namespace must exist, or be made by the same commit, and not be going. Throws `NotFound`, `Forbidden`. */
export async function requireNamespaces(
  { deps, reader }: Session,
  operations: readonly Operation[],
): Promise<void> {
  const type = deps.registry.byTypeKey("namespaces");
  const creates = operations.filter(({ action }) => action === "create");
  const made = creates
    .filter(({ definition }) => definition === type)
    .map(({ object }) => object.metadata.name);
  const seen = new Set<string>();
  for (const { definition, object } of creates) {
    const { namespace = "" } = object.metadata;
    const isKnown = seen.has(namespace) || made.includes(namespace);
    if (definition.scope === "Cluster" || type === undefined || namespace === "" || isKnown) continue;
    seen.add(namespace);
    const found = await reader.get(type, "", namespace);
    if (found === undefined) throw notFound(type, namespace);
    if (found.metadata.deletionTimestamp !== undefined)
      throw terminating(definition, object.metadata.name, namespace);
  }
}

/**
 * A write that creates. The commit itself judges whether the namespaces are there; what is wrong with them is told only when the
 * write fails, before any other reason, so that one that succeeds asks for nothing.
 */
export async function inItsNamespace<T>(
  session: Session,
  operations: readonly Operation[],
  dryRun: boolean | undefined,
  write: () => Promise<T>,
): Promise<T> {
  if (dryRun === true) await requireNamespaces(session, operations);
  try {
    return await write();
  } catch (error) {
    if (dryRun !== true && isRefusal(error)) await requireNamespaces(session, operations);
    throw error;
  }
}

function terminating(definition: ResourceDefinition, name: string, namespace: string): StoreError {
  return new StoreError(
    "Forbidden",
    `${typeKey(definition)} ${JSON.stringify(name)} is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    {
      causes: [
        {
          reason: "NamespaceTerminating",
          field: "metadata.namespace",
          message: `namespace ${namespace} is being terminated`,
        },
      ],
      subject: { definition, name },
    },
  );
}
