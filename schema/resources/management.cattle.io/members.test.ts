/** RoleTemplates, their bindings, and Projects (auth.md 7.8). */
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../object.ts";
import { admit } from "../admit.ts";
import { clusterRoleTemplateBindings } from "./cluster-role-template-bindings.ts";
import { projectRoleTemplateBindings } from "./project-role-template-bindings.ts";
import { projects } from "./projects.ts";
import type { Project } from "./projects.ts";
import { roleTemplates } from "./role-templates.ts";
import type { RoleTemplate } from "./role-templates.ts";

const apiVersion = "management.cattle.io/v3";
const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const nodes = { apiGroups: [""], resources: ["nodes"], verbs: ["get"] };
const user = (...rules: object[]) => ({ name: "user-abcde", rules: rules as (typeof pods)[] });
const template = (name: string, more: Partial<RoleTemplate> = {}): RoleTemplate => ({
  apiVersion,
  kind: "RoleTemplate",
  metadata: { name },
  context: "cluster",
  ...more,
});
const cluster: KubeObject = { apiVersion, kind: "Cluster", metadata: { name: "c-1" } };
const binding = (more: object) => ({
  metadata: { namespace: "c-1" },
  clusterName: "c-1",
  roleTemplateName: "reader",
  userName: "user-other",
  ...more,
});

describe("a RoleTemplate", () => {
  const create = async (object: Partial<RoleTemplate>, rules: object[] = [], stored: KubeObject[] = []) =>
    (await admit(roleTemplates, { context: "cluster", ...object }, { actor: user(...rules), stored }))
      .problems;

  it("gives nothing that its writer has not, inherited rights included", async () => {
    expect(await create({ rules: [pods] })).toEqual(["FieldValueForbidden rules"]);
    expect(await create({ rules: [pods] }, [pods])).toEqual([]);
    const stored = [template("base", { rules: [nodes] })];
    expect(await create({ rules: [pods], roleTemplateNames: ["base"] }, [pods], stored)).toEqual([
      "FieldValueForbidden rules",
    ]);
    expect(await create({ rules: [pods], roleTemplateNames: ["base"] }, [pods, nodes], stored)).toEqual([]);
  });

  it("of an external role gives what the ClusterRole of its name gives", async () => {
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "one" },
      rules: [nodes],
    } as KubeObject;
    expect(await create({ external: true }, [pods], [role])).toEqual(["FieldValueForbidden rules"]);
    expect(await create({ external: true }, [nodes], [role])).toEqual([]);
  });

  it("may be written by who may escalate; externalRules by nobody else", async () => {
    const escalate = {
      apiGroups: ["management.cattle.io"],
      resources: ["roletemplates"],
      verbs: ["escalate"],
    };
    expect(await create({ rules: [pods] }, [escalate])).toEqual([]);
    expect(await create({ external: true, externalRules: [pods] }, [pods])).toEqual([
      "FieldValueForbidden externalRules",
    ]);
    expect(await create({ external: true, externalRules: [pods] }, [escalate])).toEqual([]);
    expect(await create({ externalRules: [pods] }, [escalate])).toEqual([
      "FieldValueForbidden externalRules",
    ]);
  });

  it("has a context that its flags go with, rules that say something, and no cycle", async () => {
    expect(await create({ context: "project", administrative: true })).toEqual([
      "FieldValueForbidden administrative",
    ]);
    expect(await create({ projectCreatorDefault: true })).toEqual([
      "FieldValueForbidden projectCreatorDefault",
    ]);
    expect(await create({ rules: [{ verbs: ["get"] }] })).toEqual(["FieldValueRequired rules[0].resources"]);
    const stored = [
      template("two", { roleTemplateNames: ["three"] }),
      template("three", { roleTemplateNames: ["one"] }),
    ];
    expect(await create({ roleTemplateNames: ["two"] }, [], stored)).toEqual([
      "FieldValueInvalid roleTemplateNames",
    ]);
    expect(await create({ roleTemplateNames: ["absent"] })).toEqual(["FieldValueInvalid roleTemplateNames"]);
  });

  it("that is built in keeps what it is, and stays", async () => {
    const old = template("one", { builtin: true, rules: [pods] });
    const change = async (more: Partial<RoleTemplate>) =>
      (await admit(roleTemplates, { ...old, ...more }, { old, actor: user(pods) })).problems;
    expect(await create({ builtin: true })).toEqual(["FieldValueForbidden builtin"]);
    expect(await change({ rules: [] })).toEqual(["FieldValueInvalid rules"]);
    expect(await change({ locked: true, clusterCreatorDefault: true })).toEqual([]);
    const gone = await admit(roleTemplates, old, { old, actor: user(pods), operation: "DELETE" });
    expect(gone.problems).toEqual(["FieldValueForbidden builtin"]);
  });
});

describe("a ClusterRoleTemplateBinding", () => {
  const reader = template("reader", { rules: [pods] });
  const stored = [cluster, reader];
  const create = async (more: object, rules: object[] = [pods], others: readonly KubeObject[] = stored) =>
    (await admit(clusterRoleTemplateBindings, binding(more), { actor: user(...rules), stored: others }))
      .problems;

  it("gives nothing that its writer has not", async () => {
    expect(await create({})).toEqual([]);
    expect(await create({}, [nodes])).toEqual(["FieldValueForbidden roleTemplateName"]);
    expect(await create({}, [{ ...pods, namespaces: ["c-1"] }])).toEqual([
      "FieldValueForbidden roleTemplateName",
    ]);
  });

  it("may give what its writer has by a binding of his own in that cluster, and in no other", async () => {
    const own = { ...binding({ userName: "user-abcde" }), apiVersion, kind: "ClusterRoleTemplateBinding" };
    const here = { ...own, metadata: { name: "own", namespace: "c-1" } } as KubeObject;
    const there = { ...here, clusterName: "c-2" } as KubeObject;
    expect(await create({}, [], [...stored, here])).toEqual([]);
    expect(await create({}, [], [...stored, there])).toEqual(["FieldValueForbidden roleTemplateName"]);
  });

  it("is for exactly one kind of subject, in the namespace of a cluster that exists", async () => {
    expect(await create({ userName: "" })).toEqual(["FieldValueForbidden "]);
    expect(await create({ groupName: "g" })).toEqual(["FieldValueForbidden "]);
    expect(await create({ userPrincipalName: "local://user-other" })).toEqual([]);
    expect(await create({ clusterName: "c-2" })).toEqual([
      "FieldValueForbidden clusterName",
      "FieldValueInvalid clusterName",
    ]);
  });

  it("needs a template that is there, for clusters, and not locked", async () => {
    const problem = ["FieldValueForbidden roleTemplateName"];
    expect(await create({ roleTemplateName: "absent" })).toEqual(["FieldValueInvalid roleTemplateName"]);
    expect(await create({}, [pods], [cluster, { ...reader, locked: true } as KubeObject])).toEqual(problem);
    expect(await create({}, [pods], [cluster, { ...reader, context: "project" } as KubeObject])).toEqual([
      "FieldValueInvalid roleTemplateName",
    ]);
  });

  it("has references that stay, and a subject that is set once", async () => {
    const { object: old } = await admit(clusterRoleTemplateBindings, binding({}), { stored });
    const change = async (more: object) =>
      (await admit(clusterRoleTemplateBindings, { ...old, ...more }, { old, stored, actor: user(pods) }))
        .problems;
    expect(await change({ roleTemplateName: "other" })).toContain("FieldValueInvalid roleTemplateName");
    expect(await change({ userName: "user-third" })).toEqual(["FieldValueInvalid userName"]);
    expect(await change({ userPrincipalName: "local://user-other" })).toEqual([]);
  });

  it("of a GlobalRoleBinding names one that exists, for good, and a locked template is locked for it too", async () => {
    const label = { labels: { "authz.management.cattle.io/grb-owner": "grb-1" }, namespace: "c-1" };
    const owner = { apiVersion, kind: "GlobalRoleBinding", metadata: { name: "grb-1" } };
    const at = "metadata.labels[authz.management.cattle.io/grb-owner]";
    expect(await create({ metadata: label })).toEqual([`FieldValueInvalid ${at}`]);
    expect(await create({ metadata: label }, [pods], [...stored, owner])).toEqual([]);
    const locked = [cluster, owner, { ...reader, locked: true } as KubeObject];
    expect(await create({ metadata: label }, [pods], locked)).toEqual([
      "FieldValueForbidden roleTemplateName",
    ]);
    const { object: old } = await admit(clusterRoleTemplateBindings, binding({ metadata: label }), {
      stored: [...stored, owner],
    });
    const without = { ...old, metadata: { ...old.metadata, labels: {} } };
    expect((await admit(clusterRoleTemplateBindings, without, { old, stored })).problems).toEqual([
      `FieldValueForbidden ${at}`,
    ]);
  });

  it("is there once, and takes its generated name from what it says", async () => {
    const other = { ...binding({}), apiVersion, kind: "ClusterRoleTemplateBinding" };
    const same = { ...other, metadata: { name: "other", namespace: "c-1" } } as KubeObject;
    expect(await create({}, [pods], [...stored, same])).toEqual(["FieldValueDuplicate roleTemplateName"]);
    const going = { ...same, metadata: { ...same.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect(await create({}, [pods], [...stored, going])).toEqual([]);
    const named = async (more: object): Promise<string | undefined> => {
      const metadata = { name: "", namespace: "c-1", generateName: "crtb-" };
      return clusterRoleTemplateBindings.generatedName?.({
        apiVersion,
        kind: "ClusterRoleTemplateBinding",
        ...binding({}),
        metadata,
        ...more,
      });
    };
    // lower(base32(sha256("user-other/reader/c-1")))[:10], as coreutils make it.
    expect(await named({})).toBe("crtb-r4guwttpcj");
    expect(await named({ userName: "user-third" })).not.toBe(await named({}));
    expect(await named({ userName: "" })).toBeUndefined();
  });
});

describe("a ProjectRoleTemplateBinding", () => {
  const project = {
    apiVersion,
    kind: "Project",
    metadata: { name: "p-1", namespace: "c-1" },
    spec: { clusterName: "c-1", displayName: "one" },
    status: { backingNamespace: "c-1-p-1" },
  } as KubeObject;
  const reader = template("reader", { context: "project", rules: [pods] });
  const stored = [cluster, project, reader];
  const create = async (more: object, rules: object[] = [pods], others: readonly KubeObject[] = stored) => {
    const given = {
      metadata: { namespace: "c-1-p-1" },
      projectName: "c-1:p-1",
      roleTemplateName: "reader",
      groupPrincipalName: "okta_group://1",
      ...more,
    };
    return (await admit(projectRoleTemplateBindings, given, { actor: user(...rules), stored: others }))
      .problems;
  };

  it("is of a project that exists, in its backing namespace", async () => {
    expect(await create({})).toEqual([]);
    expect(await create({ projectName: "p-1" })).toEqual(["FieldValueInvalid projectName"]);
    expect(await create({ projectName: "c-1:p-2" })).toEqual(["FieldValueInvalid projectName"]);
    expect(await create({ metadata: { namespace: "c-1" } })).toEqual(["FieldValueForbidden projectName"]);
  });

  it("may be for a service account alone, and gives nothing that its writer has not", async () => {
    expect(await create({ groupPrincipalName: "", serviceAccount: "ns:robot" })).toEqual([]);
    expect(await create({ serviceAccount: "ns:robot" })).toEqual(["FieldValueForbidden "]);
    expect(await create({}, [])).toEqual(["FieldValueForbidden roleTemplateName"]);
    const member = {
      ...binding({ userName: "user-abcde", roleTemplateName: "member" }),
      apiVersion,
      kind: "ClusterRoleTemplateBinding",
      metadata: { name: "own", namespace: "c-1" },
    } as KubeObject;
    expect(await create({}, [], [...stored, member, template("member", { rules: [pods] })])).toEqual([]);
  });
});

describe("a Project", () => {
  const spec = { clusterName: "c-1", displayName: "one" };
  const create = async (more: object = {}, stored: readonly KubeObject[] = [cluster]) =>
    admit(projects, { metadata: { name: "p-1", namespace: "c-1" }, spec: { ...spec, ...more } }, { stored });

  it("gets a backing namespace and its creator's roles, whatever it says itself", async () => {
    const owner = template("project-owner", { context: "project", projectCreatorDefault: true });
    const given = {
      metadata: { name: "p-1", namespace: "c-1" },
      spec,
      status: { backingNamespace: "kube-system" },
    };
    const { object, problems } = await admit(projects, given, { stored: [cluster, owner] });
    expect(problems).toEqual([]);
    expect(object.status?.backingNamespace).toBe("c-1-p-1");
    expect(object.metadata.annotations).toEqual({
      "authz.management.cattle.io/creator-role-bindings": '{"required":["project-owner"]}',
    });
  });

  it("is of a cluster that exists, and takes nobody's namespace", async () => {
    expect((await create({}, [])).problems).toEqual(["FieldValueInvalid spec.clusterName"]);
    expect((await create({ clusterName: "c-2" })).problems).toEqual(["FieldValueInvalid spec.clusterName"]);
    const taken = { apiVersion: "v1", kind: "Namespace", metadata: { name: "c-1-p-1" } };
    expect((await create({}, [cluster, taken])).problems).toEqual(["FieldValueForbidden metadata.name"]);
  });

  it("keeps its cluster and its namespace", async () => {
    const { object: old } = await create();
    const moved = { ...old, spec: { ...spec, clusterName: "c-2" } } as Project;
    expect((await admit(projects, moved, { old })).problems).toEqual(["FieldValueInvalid spec.clusterName"]);
    const other = { ...old, status: { backingNamespace: "kube-system" } };
    expect((await admit(projects, other, { old })).problems).toEqual([
      "FieldValueInvalid status.backingNamespace",
    ]);
    const { status: _, ...rest } = old;
    const bare: Project = rest;
    // Made before backing namespaces were: it is called as it is.
    expect((await admit(projects, bare, { old: bare })).object.status?.backingNamespace).toBe("p-1");
  });

  it("has quotas that agree", async () => {
    const quota = async (limit: object, defaults: object | undefined, usedLimit = {}) =>
      (
        await create({
          resourceQuota: { limit, usedLimit },
          ...(defaults && { namespaceDefaultResourceQuota: { limit: defaults } }),
        })
      ).problems;
    const namespace = "spec.namespaceDefaultResourceQuota";
    expect(await quota({ pods: "10" }, { pods: "5" })).toEqual([]);
    expect(await quota({ pods: "10" }, undefined)).toEqual([`FieldValueRequired ${namespace}`]);
    expect(await quota({ pods: "10", limitsCpu: "1" }, { pods: "5" })).toEqual([
      `FieldValueRequired ${namespace}.limit`,
    ]);
    expect(await quota({ pods: "10" }, { pods: "11" })).toEqual([`FieldValueForbidden ${namespace}`]);
    expect(await quota({ limitsCpu: "1" }, { limitsCpu: "1001m" })).toEqual([
      `FieldValueForbidden ${namespace}`,
    ]);
    expect(await quota({ pods: "10" }, { pods: "-1" })).toEqual([`FieldValueForbidden ${namespace}`]);
    expect(await quota({ pods: "10" }, { pods: "5" }, { pods: "11" })).toEqual([
      "FieldValueForbidden spec.resourceQuota",
    ]);
    expect(await quota({ extended: { "x/gpu": "2" } }, { extended: { "x/gpu": "3" } })).toEqual([
      `FieldValueForbidden ${namespace}`,
    ]);
    expect(await quota({ pods: "ten" }, { pods: "5" })).toEqual([
      "FieldValueInvalid spec.resourceQuota.limit.pods",
    ]);
  });

  it("asks for no more than it limits in its containers", async () => {
    const limits = async (containerDefaultResourceLimit: object) =>
      (await create({ containerDefaultResourceLimit })).problems;
    const path = "spec.containerDefaultResourceLimit";
    expect(await limits({ requestsCpu: "100m", limitsCpu: "0.1" })).toEqual([]);
    expect(await limits({ requestsCpu: "101m", limitsCpu: "0.1" })).toEqual([
      `FieldValueInvalid ${path}.requestsCpu`,
    ]);
    expect(await limits({ limitsMemory: "a" })).toEqual([`FieldValueInvalid ${path}.limitsMemory`]);
  });

  it("of the system goes with its cluster alone", async () => {
    const labels = { "authz.management.cattle.io/system-project": "true" };
    const old = { apiVersion, kind: "Project", metadata: { name: "p-1", namespace: "c-1", labels }, spec };
    const remove = async (actor?: ReturnType<typeof user>) =>
      (await admit(projects, old, { old, operation: "DELETE", ...(actor && { actor }) })).problems;
    expect(await remove(user())).toEqual(["FieldValueForbidden metadata.labels"]);
    expect(await remove()).toEqual([]);
  });
});
