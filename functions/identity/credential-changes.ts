/** Which commits may change who somebody is, or what he may do: all but those that only note that a token is in use. Pure. */
import type { KubeObject } from "../../schema/object.ts";
import { same } from "../../schema/patch/values.ts";
import { typeKey } from "../../schema/resource.ts";
import { isExtensionToken } from "../../schema/resources/core/extension-tokens.ts";
import { secrets } from "../../schema/resources/core/secrets.ts";
import type { Secret } from "../../schema/resources/core/secrets.ts";
import { serviceAccounts } from "../../schema/resources/core/service-accounts.ts";
import { observedKeys } from "../../schema/resources/ext.cattle.io/token-rows.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Change } from "../../schema/store/contract.ts";

/** Types by whose change or end a credential ends: service accounts' tokens may be bound to a Secret. */
const revoking: ReadonlySet<string> = new Set([tokens, serviceAccounts, secrets].map(typeKey));

/** A session's activity is noted every minute or so: if that emptied the isolate's cache, few would find themselves in it. */
export function changesIdentities({ type, before, after, raise }: Change): boolean {
  if (raise.includes("rbac")) return true;
  if (!revoking.has(type) || before === undefined) return false;
  return after === undefined || !same(told(type, before), told(type, after));
}

/** What identities are made of: all but what was observed, and who wrote it. */
function told(type: string, object: KubeObject): object {
  const { resourceVersion: _r, managedFields: _m, ...metadata } = object.metadata;
  if (type === typeKey(tokens)) return { ...without(object, tokens.observations ?? []), metadata };
  if (type !== typeKey(secrets) || !isExtensionToken(object)) return object;
  return { ...object, metadata, data: without((object as Secret).data ?? {}, observedKeys) };
}

function without(object: object, members: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([member]) => !members.includes(member)));
}
