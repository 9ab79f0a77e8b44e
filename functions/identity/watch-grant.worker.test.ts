/** Whether watches may go on (auth.md 10, row 38), judged on a real store. */
import { env as bindings } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../schema/object.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import { serviceAccounts } from "../../schema/resources/core/service-accounts.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import { clusterRoleBindings } from "../../schema/resources/rbac.authorization.k8s.io/cluster-role-bindings.ts";
import { clusterRoles } from "../../schema/resources/rbac.authorization.k8s.io/cluster-roles.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { createSettings } from "../settings/settings.ts";
import { openStore } from "../store/open-store.ts";
import { authenticatedGroups } from "./identity.ts";
import type { TokenFacts } from "./identity.ts";
import type { ImpersonationRequest } from "./impersonation-request.ts";
import { serviceAccountIdentity } from "./service-accounts/authenticate.ts";
import { tokenFacts } from "./token-validity.ts";
import { revokedGrants, watchGrant } from "./watch-grant.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;
const rbac = "rbac.authorization.k8s.io";
const asks = { verb: "watch", group: "", resource: "configmaps", namespace: "grants" };

let store: BoundStore;
const make = <T extends KubeObject>(
  definition: ResourceDefinition<T>,
  name: string,
  content: object,
  namespace?: string,
): Promise<T> =>
  store.create<T>(definition, {
    apiVersion: `${definition.group === "" ? "" : `${definition.group}/`}${definition.version}`,
    kind: definition.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...content,
  } as unknown as T);

/** A user with a token, bound to a role that watches ConfigMaps. */
async function person(
  name: string,
): Promise<{ facts: TokenFacts; grant: (as?: ImpersonationRequest) => string }> {
  await make(users, name, { username: name });
  const token = await make(tokens, `token-${name}`, {
    userId: name,
    token: "$3:1:salt:hash",
    isDerived: true,
  });
  await bind(name, "User", name);
  const facts = tokenFacts(token);
  return {
    facts,
    grant: (as) => watchGrant({ userId: name, groups: authenticatedGroups, token: facts }, as, asks),
  };
}
const bind = (name: string, kind: string, subject: string, role = "watches") =>
  make(clusterRoleBindings, `grants-${name}`, {
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [
      kind === "ServiceAccount"
        ? { kind, name: subject, namespace: "grants" }
        : { kind, apiGroup: rbac, name: subject },
    ],
  });
const holds = async (...grants: string[]): Promise<boolean[]> => {
  const revoked = await revokedGrants(
    { store, settings: createSettings(env, () => store), now: Date.now() },
    grants,
  );
  return grants.map((_, index) => !revoked.includes(index));
};

beforeAll(async () => {
  store = openStore(env).as(systemActor("test"));
  await make(namespaces, "grants", {});
  await make(clusterRoles, "watches", {
    rules: [{ verbs: ["watch"], apiGroups: [""], resources: ["configmaps"] }],
  });
  await make(clusterRoles, "is-somebody-else", {
    rules: [{ verbs: ["impersonate"], apiGroups: [""], resources: ["users"], resourceNames: ["g-other"] }],
  });
});

describe("a watch goes on", () => {
  it("while token, user and right are there, and ends with each of them", async () => {
    const [byToken, bySecret, byUser, byPassword, byRight] = await Promise.all(
      ["g-token", "g-secret", "g-user", "g-password", "g-right"].map(person),
    );
    const grants = [byToken, bySecret, byUser, byPassword, byRight].map((one) => one?.grant() ?? "");
    expect(await holds(...grants)).toEqual([true, true, true, true, true]);
    await store.delete(tokens, "", "token-g-token");
    await store.modify<Token>(tokens, "", "token-g-secret", (token) => ({
      ...token,
      token: "$3:1:other:hash",
    }));
    await store.modify<User>(users, "", "g-user", (user) => ({ ...user, enabled: false }));
    await store.modify<User>(users, "", "g-password", (user) => ({ ...user, mustChangePassword: true }));
    await store.delete(clusterRoleBindings, "", "grants-g-right");
    expect(await holds(...grants)).toEqual([false, false, false, false, false]);
    // Another token of the name is another token.
    await make(tokens, "token-g-token", { userId: "g-token", token: "$3:1:salt:hash", isDerived: true });
    expect(await holds(grants[0] ?? "")).toEqual([false]);
  });

  it("of somebody else's rights, while they may be taken and he has them", async () => {
    const { grant } = await person("g-taker");
    await make(users, "g-other", { username: "g-other" });
    await bind("g-other", "User", "g-other");
    await bind("g-taker-is", "User", "g-taker", "is-somebody-else");
    const asOther = grant({ user: "g-other", groups: [], extra: {} });
    expect(await holds(asOther, grant())).toEqual([true, true]);
    await store.delete(clusterRoleBindings, "", "grants-g-other");
    expect(await holds(asOther, grant())).toEqual([false, true]);
    await bind("g-other", "User", "g-other");
    expect(await holds(asOther)).toEqual([true]);
    await store.delete(clusterRoleBindings, "", "grants-g-taker-is");
    expect(await holds(asOther, grant())).toEqual([false, true]);
  });

  it("of a service account, while it is the same one", async () => {
    const account = await make(serviceAccounts, "robot", {}, "grants");
    await bind("g-robot", "ServiceAccount", "robot");
    const identity = serviceAccountIdentity({
      kind: "bound",
      namespace: "grants",
      account: { name: "robot", uid: account.metadata.uid ?? "" },
      boundElsewhere: false,
      audiences: [],
      id: "jti",
      expiresAt: Date.now() / 1000 + 600,
    });
    const grant = watchGrant(identity, undefined, asks);
    expect(await holds(grant)).toEqual([true]);
    expect(await holds(watchGrant(identity, undefined, { ...asks, verb: "get" }))).toEqual([false]);
    await store.delete(serviceAccounts, "grants", "robot");
    await make(serviceAccounts, "robot", {}, "grants");
    expect(await holds(grant)).toEqual([false]);
  });

  it("not by a grant of another version", async () => {
    const { grant } = await person("g-version");
    expect(await holds(grant().replace('"v":1', '"v":2'))).toEqual([false]);
  });
});
