/**
 * Who presents no valid credential where the route table lets anybody ask, and RBAC decides: what keys service accounts'
 * tokens are verified by, which relying parties elsewhere read without an account (as in Kubernetes).
 */
import type { BoundStore } from "../../schema/store/store.ts";
import { remembered } from "./identify.ts";
import type { Identity } from "./identity.ts";
import { loadRbacRules } from "./rbac-rights.ts";

const user = "system:anonymous";
const groups = ["system:unauthenticated"];

/** With the rights that bindings give to these names: by default none. At most 10 s old. */
export async function anonymousIdentity(store: () => BoundStore): Promise<Identity | undefined> {
  // No credential has this form.
  return remembered("anonymous", async () => ({
    userId: user,
    username: "",
    groups,
    roles: [],
    rules: await loadRbacRules(store(), { user, groups }),
    extra: {},
    mustChangePassword: false,
    token: { name: "", kind: "api", authProvider: "" },
  }));
}
