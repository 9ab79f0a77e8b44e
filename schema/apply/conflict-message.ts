/** Conflicts in Kubernetes' words. Pure. */
import type { Conflict } from "./errors.ts";
import { goQuote } from "../structural/go-format.ts";
import { managerOf } from "./managers.ts";

/** `Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.a`. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [only] = conflicts;
  if (only !== undefined && conflicts.length === 1)
    return `Apply failed with 1 conflict: conflict with ${managerText(only.manager)}: ${only.path}`;
  const byManager = Map.groupBy(conflicts, ({ manager }) => manager);
  const lines = [...byManager].flatMap(([manager, own]) => [
    `conflicts with ${managerText(manager)}:`,
    ...own.map(({ path }) => `- ${path}`),
  ]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
}

/** metav1 StatusCause of a conflict. */
export interface ConflictCause {
  readonly reason: "FieldManagerConflict";
  readonly field: string;
  readonly message: string;
}

/** Causes of the Status, one for each field. */
export function conflictCauses(conflicts: readonly Conflict[]): ConflictCause[] {
  return conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${managerText(manager)}`,
    field: path,
  }));
}

function managerText(id: string): string {
  const { manager = "", operation, apiVersion = "", subresource } = managerOf(id);
  const name = goQuote(manager);
  const named = subresource === undefined ? name : `${name} with subresource ${goQuote(subresource)}`;
  return operation === "Update" ? `${named} using ${apiVersion}` : named;
}
