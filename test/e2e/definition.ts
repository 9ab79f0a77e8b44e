/** CustomResourceDefinitions for tests: one version, `v1`, if no others are named. */

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
  /** Each the schema of `spec`; the first is stored. */
  readonly versions?: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
}

export function definitionOf({
  group,
  names,
  scope = "Namespaced",
  spec,
  versions = [{ name: "v1" }],
}: DefinitionFacts): object {
  const versionOf = (schema: object | undefined): object => ({
    openAPIV3Schema: { type: "object", ...(schema === undefined ? {} : { properties: { spec: schema } }) },
  });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope,
      names,
      versions: versions.map(({ name, ...schema }, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: versionOf(Object.keys(schema).length === 0 ? spec : { type: "object", ...schema }),
      })),
    },
  };
}
