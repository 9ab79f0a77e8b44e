/** The types of ext.cattle.io that are served by stores of their own: nothing is stored under their names. */
import { typeKey } from "../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { userActivities } from "../../../schema/resources/ext.cattle.io/user-activities.ts";
import type { Verb, Actor } from "../../../schema/store/authorize.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import type { Identity } from "../../identity/identity.ts";
import type { AppContext } from "../context.ts";
import type { CallRows } from "../kube/local/call.ts";
import { kubeconfigType } from "./kubeconfig-type.ts";
import { ownRows, ownStore } from "./own-store.ts";
import { tokenType } from "./token-type.ts";
import { activityStore } from "./user-activity.ts";

interface Served {
  /** Absent: of a type that is neither listed nor watched. */
  readonly rows?: (identity: Identity, verb: Verb) => CallRows;
  readonly store: (c: AppContext, identity: Identity, actor: Actor) => BoundStore;
}

const types: Readonly<Record<string, Served>> = {
  [typeKey(tokenType.definition)]: {
    rows: (identity, verb) => ownRows(tokenType, identity, verb),
    store: (c, identity, actor) => ownStore(c, identity, actor, tokenType),
  },
  [typeKey(kubeconfigType.definition)]: {
    rows: (identity, verb) => ownRows(kubeconfigType, identity, verb),
    store: (c, identity, actor) => ownStore(c, identity, actor, kubeconfigType),
  },
  [typeKey(userActivities)]: { store: activityStore },
};

/** `undefined`: a type that is served otherwise. */
export function ownTypeOf(definition: ResourceDefinition): Served | undefined {
  return types[typeKey(definition)];
}
