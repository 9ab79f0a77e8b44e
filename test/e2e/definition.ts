/** CustomResourceDefinitions for tests: one version, `v1`. */

export interface DefinitionFacts {
  readonly group: string;
  readonly names: {
    readonly plural: string;
    readonly kind: string;
    readonly singular?: string;
    readonly listKind?: string;
  };
  readonly scope?: "Cluster" | "Namespaced";
  /** Schema of `spec`; absent: the type says nothing of its objects. */
  readonly spec?: object;
}

export function definitionOf({ group, names, scope = "Namespaced", spec }: DefinitionFacts): object {
  const properties = spec === undefined ? {} : { properties: { spec } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope,
      names,
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", ...properties } },
        },
      ],
    },
  };
}
