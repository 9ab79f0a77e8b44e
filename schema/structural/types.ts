/** The JSON schema dialect of Kubernetes CustomResourceDefinitions (apiextensions.k8s.io/v1 JSONSchemaProps, structural part). */

export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly externalDocs?: { readonly description?: string; readonly url?: string };
  readonly example?: unknown;
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  /** As Go's regexp package reads it (`schema/re2`). */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  /** Value validations only: what is under these declares no fields. */
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
  /** Strategic merge patch of built-in types, as in Kubernetes' OpenAPI. */
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** `merge`, `replace`, `retainKeys`, or several with commas. */
  readonly "x-kubernetes-patch-strategy"?: string;
}

/** A rule in CEL (apiextensions.k8s.io/v1 ValidationRule). */
export interface ValidationRule {
  /** Required, and refused by `specErrors` when it is missing. */
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
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
    | "FieldValueTooMany"
    | "FieldValueTypeInvalid"
    | "InternalError"
    /** No error of a field's, but the cause of a refusal in Kubernetes' words. */
    | "NamespaceTerminating";
  /** Path as Kubernetes prints it: `spec.displayName`, `spec.rules[0].verbs`; `<nil>` for none. */
  readonly field: string;
  readonly message: string;
}
