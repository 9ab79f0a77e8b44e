/** core/v1 ServiceAccount. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { tokenRequest } from "../authentication.k8s.io/token-request.ts";
import { localObjectReferenceSchema, objectReferenceSchema } from "./object-reference.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        secrets: {
          type: "array",
          items: objectReferenceSchema,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          "x-kubernetes-patch-strategy": "merge",
          "x-kubernetes-patch-merge-key": "name",
        },
        imagePullSecrets: {
          type: "array",
          items: localObjectReferenceSchema,
          "x-kubernetes-list-type": "atomic",
        },
        automountServiceAccountToken: { type: "boolean" },
      },
    }) as const satisfies JsonSchema,
);

export type ServiceAccount = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const serviceAccounts: ResourceDefinition<ServiceAccount> = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  singular: "serviceaccount",
  shortNames: ["sa"],
  scope: "Namespaced",
  schema,
  subresources: { token: tokenRequest },
  // Like kube-apiserver: of a reference to a Secret only the name is kept.
  mutate: ({ object }) =>
    object.secrets === undefined
      ? object
      : { ...object, secrets: object.secrets.map(({ name }) => (name === undefined ? {} : { name })) },
};
