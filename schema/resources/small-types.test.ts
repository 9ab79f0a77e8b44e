/** Admission of types whose rules look at nothing but the object, or at one other. */
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../object.ts";
import { admit } from "./admit.ts";
import { auditPolicies } from "./auditlog.cattle.io/audit-policies.ts";
import { clusterRepos } from "./catalog.cattle.io/cluster-repos.ts";
import { clusterAuthTokens } from "./cluster.cattle.io/cluster-auth-tokens.ts";
import { authConfigs } from "./management.cattle.io/auth-configs.ts";
import { isFilter } from "./management.cattle.io/auth-configs.ldap.ts";
import { clusterProxyConfigs } from "./management.cattle.io/cluster-proxy-configs.ts";
import { featureValue, features } from "./management.cattle.io/features.ts";
import { fleetWorkspaces } from "./management.cattle.io/fleet-workspaces.ts";
import { nodeDrivers } from "./management.cattle.io/node-drivers.ts";
import { routeProblem } from "./management.cattle.io/proxy-endpoints.ts";
import { users } from "./management.cattle.io/users.ts";
import { userAttributes } from "./management.cattle.io/user-attributes.ts";

const user = { name: "user-abcde", rules: [] };

describe("an AuthConfig", () => {
  const ldap = { type: "openLdapConfig", enabled: true, servers: ["ldap.example.com"] };

  it("of LDAP needs servers, attributes and filters that LDAP can read", async () => {
    const wrong = {
      ...ldap,
      servers: [],
      userSearchAttribute: "uid|s n",
      groupDNAttribute: "1.2.840",
      userObjectClass: "a|b",
      userLoginFilter: "(cn=a",
      userNameAttribute: 7,
    };
    expect((await admit(authConfigs, wrong)).problems.toSorted()).toEqual([
      "FieldValueInvalid userLoginFilter",
      "FieldValueInvalid userNameAttribute",
      "FieldValueInvalid userObjectClass",
      "FieldValueInvalid userSearchAttribute",
      "FieldValueRequired servers",
    ]);
    expect((await admit(authConfigs, ldap)).problems).toEqual([]);
  });

  it("may be unfinished while it is not in force", async () => {
    expect((await admit(authConfigs, { ...ldap, enabled: false, servers: [] })).problems).toEqual([]);
    expect((await admit(authConfigs, { type: "githubConfig", enabled: true })).problems).toEqual([]);
  });

  it.each([
    ["(cn=*)", true],
    ["(&(objectClass=person)(|(cn=a*)(mail=*@x.org)))", true],
    ["(!(memberOf:1.2.840.113556.1.4.1941:=cn=x,dc=y))", true],
    ["(cn=a\\28b)", true],
    ["(uid>=5)", true],
    ["(cn;lang-de=x)", true],
    ["cn=a", false],
    ["(cn=a)(cn=b)", false],
    ["(&)", false],
    ["(cn=a\\2)", false],
    ["(!(a=b)(c=d))", false],
    [`${"(!".repeat(100)}(a=b)${")".repeat(100)}`, false],
  ])("takes %s for a filter: %j", (text, expected) => {
    expect(isFilter(text)).toBe(expected);
  });
});

describe("an AuditPolicy", () => {
  it("has actions, expressions and paths that can be read", async () => {
    const spec = {
      enabled: true,
      verbosity: { level: 4 },
      filters: [
        { action: "drop", requestURI: "(" },
        { action: "allow", requestURI: "(?i)^/v3" },
      ],
      additionalRedactions: [{ headers: ["["], paths: ["spec.x", "$..[a,b]", "$.a[0].b", "$.a[", "$.*"] }],
    };
    expect((await admit(auditPolicies, { spec })).problems).toEqual([
      "FieldValueInvalid spec.verbosity.level",
      "FieldValueNotSupported spec.filters[0].action",
      "FieldValueInvalid spec.filters[0].requestURI",
      "FieldValueInvalid spec.additionalRedactions[0].headers[0]",
      "FieldValueInvalid spec.additionalRedactions[0].paths[0]",
      "FieldValueInvalid spec.additionalRedactions[0].paths[3]",
    ]);
  });
});

describe("a ProxyEndpoint", () => {
  it.each([
    ["api.example.com", true],
    ["*.example.com", true],
    ["*example.com", true],
    ["ec2.%.amazonaws.com", true],
    ["%.example.com", true],
    ["*.example.co.uk", true],
    ["*.abc.io", true],
    ["*.%.amazonaws.com.cn", true],
    ["*", false],
    ["*.com", false],
    ["%.com", false],
    ["*.co.uk", false],
    ["subdomain.%.com", false],
    ["a.%.co.uk", false],
    ["example.%", false],
    ["https://example.com", false],
    ["example.com/x", false],
    ["example.com:443", false],
    ["a.*.example.com", false],
    ["localhost", false],
    ["", false],
  ])("opens %s: %j", (domain, allowed) => {
    expect(routeProblem(domain) === undefined).toBe(allowed);
  });
});

describe("a Feature", () => {
  const locked = async (value: boolean | null) =>
    (await admit(features, { spec: { value }, status: { default: false, lockedValue: true } })).object;

  it("is what it is locked to, else what was chosen, else its default", () => {
    expect(featureValue({ spec: { value: false }, status: { lockedValue: true } })).toBe(true);
    expect(featureValue({ spec: { value: false }, status: { default: true, lockedValue: null } })).toBe(
      false,
    );
    expect(featureValue({ spec: { value: null }, status: { default: true } })).toBe(true);
    expect(featureValue({})).toBe(false);
  });

  it("cannot be moved from what it is locked to, nor be described by a user", async () => {
    const old = await locked(null);
    const change = async (value: boolean, status: object = { default: false, lockedValue: true }) =>
      (await admit(features, { spec: { value }, status }, { old, actor: user })).problems;
    expect(await change(false)).toEqual(["FieldValueForbidden spec.value"]);
    expect(await change(true)).toEqual([]);
    expect(await change(true, { default: false })).toEqual(["FieldValueForbidden status"]);
  });
});

describe("a local User", () => {
  const everything = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
  const apiVersion = "management.cattle.io/v3";
  const hidden = {
    apiVersion,
    kind: "Feature",
    metadata: { name: "hide-local-auth-provider" },
    spec: { value: true },
  };
  const github = { apiVersion, kind: "AuthConfig", metadata: { name: "github" }, enabled: true };
  const create = async (stored: KubeObject[], more: object = {}) =>
    (
      await admit(
        users,
        { displayName: "one", ...more },
        { stored, actor: { name: "user-root", rules: everything } },
      )
    ).problems;

  it("is frozen while its provider is hidden behind another", async () => {
    const problem = ["FieldValueForbidden principalIds"];
    expect(await create([hidden, github])).toEqual(problem);
    expect(await create([hidden, { ...github, enabled: false } as KubeObject])).toEqual([]);
    expect(await create([{ ...hidden, spec: { value: false } } as KubeObject, github])).toEqual([]);
    expect(await create([hidden, github], { principalIds: ["github_user://1"] })).toEqual([]);
    const old = { apiVersion, kind: "User", metadata: { name: "one" }, principalIds: ["local://one"] };
    const change = async (rules: typeof everything) =>
      (
        await admit(
          users,
          { ...old, displayName: "two" },
          { old, stored: [hidden, github], actor: { name: "user-root", rules } },
        )
      ).problems;
    expect(await change(everything)).toEqual([]);
    expect(await change([])).toEqual(problem);
  });
});

describe("others", () => {
  it("keep to one ClusterProxyConfig a cluster", async () => {
    const { object } = await admit(clusterProxyConfigs, { enabled: true, metadata: { namespace: "c-1" } });
    const create = async (namespace: string) =>
      (
        await admit(
          clusterProxyConfigs,
          { enabled: true, metadata: { name: "two", namespace } },
          { stored: [object] },
        )
      ).problems;
    expect(await create("c-1")).toEqual(["FieldValueForbidden metadata.namespace"]);
    expect(await create("c-2")).toEqual([]);
  });

  it("make no FleetWorkspace of somebody's namespace", async () => {
    const taken = { apiVersion: "v1", kind: "Namespace", metadata: { name: "one" } };
    const create = async (actor?: typeof user) =>
      (await admit(fleetWorkspaces, {}, { stored: [taken], ...(actor && { actor }) })).problems;
    expect(await create(user)).toEqual(["FieldValueForbidden metadata.name"]);
    expect(await create()).toEqual([]);
    expect((await admit(fleetWorkspaces, {}, { actor: user })).problems).toEqual([]);
  });

  it("take times and durations that Go takes", async () => {
    const wrong = { lastLogin: "yesterday", disableAfter: "-1h", deleteAfter: "1d" };
    expect((await admit(userAttributes, wrong)).problems).toEqual([
      "FieldValueInvalid lastLogin",
      "FieldValueInvalid disableAfter",
      "FieldValueInvalid deleteAfter",
    ]);
    const right = { lastLogin: "2023-11-29T00:00:00Z", disableAfter: "0", deleteAfter: "336h0m0s" };
    expect((await admit(userAttributes, right)).problems).toEqual([]);
    expect((await admit(clusterAuthTokens, { lastUsedAt: "x" })).problems).toEqual([
      "FieldValueInvalid lastUsedAt",
    ]);
  });

  it("keep a driver whose machines are there", async () => {
    const spec = { active: true, url: "local://", displayName: "amazonec2" };
    const old = {
      apiVersion: "management.cattle.io/v3",
      kind: "NodeDriver",
      metadata: { name: "amazonec2" },
      spec,
    };
    const machine = {
      apiVersion: "rke-machine.cattle.io/v1",
      kind: "Amazonec2Machine",
      metadata: { name: "m", namespace: "fleet-default" },
    };
    const off = { ...old, spec: { ...spec, active: false } };
    const problem = ["FieldValueForbidden spec.active"];
    expect((await admit(nodeDrivers, off, { old, stored: [machine] })).problems).toEqual(problem);
    expect((await admit(nodeDrivers, old, { old, stored: [machine], operation: "DELETE" })).problems).toEqual(
      problem,
    );
    expect((await admit(nodeDrivers, off, { old })).problems).toEqual([]);
    expect(
      (await admit(nodeDrivers, { ...off, metadata: old.metadata }, { old: off, stored: [machine] }))
        .problems,
    ).toEqual([]);
  });

  it("refuse a repository of two kinds, and a checksum that is none", async () => {
    expect(
      (await admit(clusterRepos, { spec: { url: "https://a", gitRepo: "https://b" } })).problems,
    ).toEqual(["FieldValueForbidden spec.gitRepo"]);
    const driver = (checksum: string) => ({ spec: { active: true, url: "local://", checksum } });
    expect((await admit(nodeDrivers, driver("abc"))).problems).toEqual(["FieldValueInvalid spec.checksum"]);
    expect((await admit(nodeDrivers, driver(""))).problems).toEqual([]);
  });
});
