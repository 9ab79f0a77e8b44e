/** rke.cattle.io/v1 RKEBootstrapTemplate (controllers.md 5.2): of what the RKEBootstraps of a pool are made. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { object, string, strings, texts } from "../../structural/shapes.ts";
import { bootstrapSpec, bootstrapStatus, contractLabels, rke } from "./group.ts";

const schema = once(() => {
  const metadata = object({
    annotations: strings,
    finalizers: texts,
    labels: strings,
    name: string,
    namespace: string,
  });
  const template = object(
    { apiVersion: string, kind: string, metadata, spec: bootstrapSpec(), status: bootstrapStatus() },
    ["spec"],
  );
  return object({ spec: object({ clusterName: string, template }, ["template"]) }, ["spec"]);
});

export type RKEBootstrapTemplate = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const rkeBootstrapTemplates: ResourceDefinition<RKEBootstrapTemplate> = {
  ...rke,
  kind: "RKEBootstrapTemplate",
  plural: "rkebootstraptemplates",
  singular: "rkebootstraptemplate",
  schema,
  categories: ["cluster-api"],
  definitionLabels: contractLabels,
};
