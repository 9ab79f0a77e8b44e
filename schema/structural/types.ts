/** The structural JSON schema dialect of Kubernetes CustomResourceDefinitions (apiextensions.k8s.io/v1 JSONSchemaProps, structural part). */
export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  /** Strategic merge patch of built-in types, as in Kubernetes' OpenAPI. */
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** `merge`, `replace`, `retainKeys`, or several with commas. */
  readonly "x-kubernetes-patch-strategy"?: string;
}

/** One problem with a field, in Kubernetes' terms (metav1 StatusCause). */
export interface FieldError {
  readonly reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueDuplicate"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTypeInvalid";
  /** Dotted path as Kubernetes prints it: `spec.displayName`, `spec.rules[0].verbs`. */
  readonly field: string;
  readonly message: string;
}
