/** The TypeScript type of what a structural schema accepts, inferred from an `as const` schema (design 3). */

/** Arrays and members are mutable: the schema is the constant, its objects are not. */
export type FromSchema<S> = S extends { readonly nullable: true } ? NonNull<S> | null : NonNull<S>;

type NonNull<S> = S extends { readonly "x-kubernetes-int-or-string": true }
  ? string | number
  : S extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : S extends { readonly type: "string" }
      ? string
      : S extends { readonly type: "integer" | "number" }
        ? number
        : S extends { readonly type: "boolean" }
          ? boolean
          : S extends { readonly type: "array"; readonly items: infer Item }
            ? FromSchema<Item>[]
            : S extends { readonly type: "object" }
              ? FromObject<S>
              : unknown;

type FromObject<S> = S extends { readonly properties: infer Properties }
  ? Members<Properties, S extends { readonly required: readonly (infer Name)[] } ? Name : never>
  : S extends { readonly additionalProperties: infer Value }
    ? Record<string, Value extends object ? FromSchema<Value> : unknown>
    : Record<string, unknown>;

type Members<Properties, Required> = Flat<
  {
    -readonly [Key in keyof Properties as Key extends Required ? Key : never]: FromSchema<Properties[Key]>;
  } & {
    -readonly [Key in keyof Properties as Key extends Required ? never : Key]?: FromSchema<Properties[Key]>;
  }
>;

/** One object type in place of an intersection: readable in errors, and an interface may extend it. */
type Flat<T> = { [Key in keyof T]: T[Key] };
