import { describe, expect, it } from "vitest";
import { admit } from "../admit.ts";
import { namespaces } from "./namespaces.ts";

const right = (verb: string, more: object = {}) => ({
  apiGroups: ["management.cattle.io"],
  resources: ["projects"],
  verbs: [verb],
  ...more,
});
const user = (...rules: ReturnType<typeof right>[]) => ({ name: "user-abcde", rules });
const project = "metadata.annotations[field.cattle.io/projectId]";
const enforce = "pod-security.kubernetes.io/enforce";

describe("a Namespace", () => {
  const write = async (metadata: object, actor = user(), before?: object): Promise<readonly string[]> => {
    const old = before && { apiVersion: "v1", kind: "Namespace", metadata: { name: "one", ...before } };
    return (await admit(namespaces, { metadata }, { actor, ...(old && { old }) })).problems;
  };
  const inProject = (id: string) => ({ annotations: { "field.cattle.io/projectId": id } });

  it("joins only a project that its writer manages namespaces of", async () => {
    const manages = user(right("manage-namespaces", { resourceNames: ["p-1"], namespaces: ["c-1"] }));
    expect(await write(inProject("c-1:p-1"))).toEqual([`FieldValueForbidden ${project}`]);
    expect(await write(inProject("c-1:p-1"), manages)).toEqual([]);
    expect(await write(inProject("c-1:p-2"), manages)).toEqual([`FieldValueForbidden ${project}`]);
    // A project of that name in another cluster is another project.
    expect(await write(inProject("c-2:p-1"), manages)).toEqual([`FieldValueForbidden ${project}`]);
    expect(await write(inProject("p-1"), manages)).toEqual([`FieldValueInvalid ${project}`]);
    expect(await write(inProject("c-1:p-1"), user(), inProject("c-1:p-1"))).toEqual([]);
    expect(await write({}, user(), inProject("c-1:p-1"))).toEqual([]);
  });

  it("changes its Pod Security only by who may do that in its project, or everywhere", async () => {
    const label = { labels: { [enforce]: "privileged" } };
    const problem = [`FieldValueForbidden metadata.labels[${enforce}]`];
    expect(await write(label)).toEqual(problem);
    expect(await write(label, user(right("updatepsa")))).toEqual([]);
    expect(await write(label, user(), label)).toEqual([]);
    expect(await write({}, user(), label)).toEqual(problem);
    const both = { ...label, ...inProject("c-1:p-1") };
    const owner = user(right("updatepsa", { resourceNames: ["p-1"] }));
    expect(await write(both, owner, inProject("c-1:p-1"))).toEqual([]);
    expect(await write(label, owner)).toEqual(problem);
  });

  it("has container defaults that make sense", async () => {
    const limits = async (value: string): Promise<readonly string[]> =>
      write({ annotations: { "field.cattle.io/containerDefaultResourceLimit": value } });
    const field = "metadata.annotations[field.cattle.io/containerDefaultResourceLimit]";
    expect(await limits("{}")).toEqual([]);
    expect(await limits('{"requestsCpu":"100m","limitsCpu":"200m"}')).toEqual([]);
    expect(await limits('{"requestsCpu":"300m","limitsCpu":"200m"}')).toEqual([
      `FieldValueInvalid ${field}.requestsCpu`,
    ]);
    expect(await limits("{")).toEqual([`FieldValueInvalid ${field}`]);
    expect(await limits('{"limitsCpu":1}')).toEqual([`FieldValueInvalid ${field}`]);
  });
});
