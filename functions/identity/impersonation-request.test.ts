import { describe, expect, it } from "vitest";
import type { PolicyRule, ScopedRule } from "../../schema/rbac/types.ts";
import type { Identity } from "./identity.ts";
import { authorizeImpersonation, parseImpersonation } from "./impersonation-request.ts";

const impersonate = (apiGroup: string, resource: string, ...names: string[]): PolicyRule => ({
  verbs: ["impersonate"],
  apiGroups: [apiGroup],
  resources: [resource],
  ...(names.length === 0 ? {} : { resourceNames: names }),
});

const roles: Record<string, ScopedRule[]> = {
  none: [],
  user: [{ verbs: ["get", "list", "watch"], apiGroups: ["management.cattle.io"], resources: ["settings"] }],
  "users-manage": [
    { verbs: ["*"], apiGroups: ["management.cattle.io"], resources: ["users", "globalrolebindings"] },
  ],
  "impersonator of jane": [
    impersonate("", "users", "u-jane"),
    impersonate("", "groups", "devs"),
    impersonate("authentication.k8s.io", "userextras/scopes", "view"),
  ],
  "impersonator of robots in ns": [{ ...impersonate("", "serviceaccounts"), namespaces: ["ns"] }],
  admin: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
};

function caller(role: string): Identity {
  return {
    userId: "u-self",
    username: "self",
    groups: ["system:authenticated", "system:cattle:authenticated", "own-group"],
    roles: [],
    rules: roles[role] ?? [],
    extra: {},
    mustChangePassword: false,
    token: { name: "token-mine", kind: "session", authProvider: "local" },
  };
}

/** `ok`, `none` (nothing asked), or the status it is refused with. */
function outcome(role: string, headers: Record<string, string>): string {
  try {
    const request = parseImpersonation(new Headers(headers));
    if (request === undefined) return "none";
    authorizeImpersonation(caller(role), request);
    return "ok";
  } catch (error) {
    return String((error as { status?: number }).status ?? error);
  }
}

const user = (name: string): Record<string, string> => ({ "Impersonate-User": name });

describe("impersonation asked for by a caller", () => {
  const matrix: [string, Record<string, string>, Record<string, string>][] = [
    [
      "nothing",
      {},
      { none: "none", user: "none", "users-manage": "none", "impersonator of jane": "none", admin: "none" },
    ],
    [
      "himself",
      user("u-self"),
      { none: "ok", user: "ok", "users-manage": "ok", "impersonator of jane": "ok", admin: "ok" },
    ],
    [
      "jane",
      user("u-jane"),
      { none: "403", user: "403", "users-manage": "403", "impersonator of jane": "ok", admin: "ok" },
    ],
    [
      "another user",
      user("u-else"),
      { none: "403", user: "403", "users-manage": "403", "impersonator of jane": "403", admin: "ok" },
    ],
    [
      "jane in a group",
      { ...user("u-jane"), "Impersonate-Group": "devs" },
      { none: "403", "impersonator of jane": "ok", admin: "ok" },
    ],
    [
      "jane in another group",
      { ...user("u-jane"), "Impersonate-Group": "devs, ops" },
      { "impersonator of jane": "403", admin: "ok" },
    ],
    [
      "himself in his group",
      { ...user("u-self"), "Impersonate-Group": "own-group" },
      { none: "ok", admin: "ok" },
    ],
    [
      "himself in a foreign group",
      { ...user("u-self"), "Impersonate-Group": "devs" },
      { none: "403", admin: "ok" },
    ],
    [
      "an extra he may give",
      { ...user("u-jane"), "Impersonate-Extra-Scopes": "view" },
      { "impersonator of jane": "ok", admin: "ok" },
    ],
    [
      "an extra value he may not give",
      { ...user("u-jane"), "Impersonate-Extra-Scopes": "view, edit" },
      { "impersonator of jane": "403", admin: "ok" },
    ],
    ["a service account", user("system:serviceaccount:ns:n"), { none: "403", user: "403", admin: "ok" }],
    [
      "a service account in its own groups",
      {
        ...user("system:serviceaccount:ns:n"),
        "Impersonate-Group": "system:serviceaccounts, system:serviceaccounts:ns",
      },
      { none: "403", "impersonator of robots in ns": "ok", admin: "ok" },
    ],
    [
      "a service account of another namespace",
      user("system:serviceaccount:other:n"),
      { "impersonator of robots in ns": "403" },
    ],
    [
      "a service account in the groups of another namespace",
      { ...user("system:serviceaccount:ns:n"), "Impersonate-Group": "system:serviceaccounts:other" },
      { "impersonator of robots in ns": "403", admin: "403" },
    ],
    ["a node", user("system:node:n1"), { none: "403", admin: "403" }],
    [
      "the masters",
      { ...user("u-jane"), "Impersonate-Group": "system:masters" },
      { none: "403", "impersonator of jane": "403", admin: "403" },
    ],
    [
      "the masters as himself",
      { ...user("u-self"), "Impersonate-Group": "system:masters" },
      { none: "403", admin: "403" },
    ],
    [
      "a group of ours",
      { ...user("u-self"), "Impersonate-Group": "drover:cluster-owner" },
      { none: "403", admin: "403" },
    ],
    [
      "ours hidden behind another",
      { ...user("u-jane"), "Impersonate-Group": "devs, drover:cluster-owner" },
      { "impersonator of jane": "403", admin: "403" },
    ],
    [
      "the group that is added anyway",
      { ...user("u-jane"), "Impersonate-Group": "system:authenticated" },
      { "impersonator of jane": "ok", admin: "ok" },
    ],
    ["a group without a user", { "Impersonate-Group": "devs" }, { none: "400", admin: "400" }],
    ["a group with an empty user", { ...user(""), "Impersonate-Group": "devs" }, { admin: "400" }],
    ["an empty user", user(""), { admin: "400" }],
    ["an extra without a user", { "Impersonate-Extra-Scopes": "view" }, { none: "400", admin: "400" }],
    ["a uid", { ...user("u-jane"), "Impersonate-Uid": "1" }, { "impersonator of jane": "403", admin: "ok" }],
    ["a uid without a user", { "Impersonate-Uid": "1" }, { admin: "400" }],
    ["an extra without a name", { ...user("u-jane"), "Impersonate-Extra-": "x" }, { admin: "400" }],
    ["an extra with a slash", { ...user("u-jane"), "Impersonate-Extra-a%2fb": "x" }, { admin: "400" }],
    [
      "another's token",
      { ...user("u-jane"), "Impersonate-Extra-Requesttokenid": "token-jane" },
      { none: "403", admin: "403" },
    ],
    [
      "his own token for another user",
      { ...user("u-jane"), "Impersonate-Extra-Requesttokenid": "token-mine" },
      { admin: "403" },
    ],
    [
      "two tokens",
      { ...user("u-self"), "Impersonate-Extra-Requesttokenid": "token-mine, token-x" },
      { admin: "403" },
    ],
  ];

  for (const [what, headers, expected] of matrix) {
    for (const [role, result] of Object.entries(expected)) {
      it(`auth 26: ${role} asks to be ${what}: ${result}`, () => {
        expect(outcome(role, headers)).toBe(result);
      });
    }
  }

  it("says what is missing as kube-apiserver does", () => {
    const ask = (headers: Record<string, string>): void =>
      authorizeImpersonation(
        caller("none"),
        parseImpersonation(new Headers(headers)) ?? { user: "", groups: [], extra: {} },
      );
    expect(() => ask(user("u-jane"))).toThrow(
      'users "u-jane" is forbidden: User "u-self" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    expect(() => ask(user("system:serviceaccount:ns:n"))).toThrow(
      'serviceaccounts "n" is forbidden: User "u-self" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "ns"',
    );
    expect(() => ask({ ...user("u-self"), "Impersonate-Extra-Scopes": "view" })).toThrow(
      'userextras.authentication.k8s.io "view" is forbidden: User "u-self" cannot impersonate resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope',
    );
  });

  it("extras named like members of every object are data", () => {
    const request = parseImpersonation(
      new Headers({ ...user("u-jane"), "Impersonate-Extra-__proto__": "x" }),
    );
    expect(Object.keys(request?.extra ?? {})).toEqual(["__proto__"]);
  });

  it("keeps a group name with a comma whole", () => {
    const request = parseImpersonation(new Headers({ ...user("u-jane"), "Impersonate-Group": "CN=a,OU=b" }));
    expect(request?.groups).toEqual(["CN=a,OU=b"]);
  });
});
