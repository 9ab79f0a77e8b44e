/**
 * Secrets that hold a Token of ext.cattle.io, in Rancher's form (auth.md 3.7), so that tokens move both ways: which they are,
 * and what is asked of whoever writes one by hand.
 */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext } from "../../resource.ts";
import type { FieldError } from "../../structural/types.ts";
import { hasRightsOf } from "../management.cattle.io/bound-rules.ts";
import { forbidden, invalid } from "../names.ts";

export const extensionTokenNamespace = "cattle-tokens";
export const extensionKindLabel = "cattle.io/kind";
export const extensionUserLabel = "cattle.io/user-id";
/** The value of the label `cattle.io/kind`. */
export const extensionTokenKind = "token";

/** Whether a Secret holds a token. */
export function isExtensionToken({ metadata: { namespace, labels } }: Pick<KubeObject, "metadata">): boolean {
  return namespace === extensionTokenNamespace && labels?.[extensionKindLabel] === extensionTokenKind;
}

/** Whoever sets a token can act as its user. `textOf`: a value of the Secret's data as text. */
export async function extensionTokenErrors(
  context: AdmissionContext,
  textOf: (key: string) => string,
): Promise<FieldError[]> {
  const { operation, object } = context;
  if (operation === "DELETE" || !isExtensionToken(object)) return [];
  const userId = textOf("user-id");
  const errors: FieldError[] = [];
  if (userId === "" || object.metadata.labels?.[extensionUserLabel] !== userId)
    errors.push(invalid("data[user-id]", userId, `must be the label ${extensionUserLabel}`));
  // A clear secret must never get here; its text must not get into an error either.
  if (!/^\$[123]:/.test(textOf("hash"))) errors.push(invalid("data[hash]", "…", "must be a salted hash"));
  if (!(await hasRightsOf(context, userId)))
    errors.push(forbidden("data[user-id]", "the user has rights that you do not have"));
  return errors;
}
