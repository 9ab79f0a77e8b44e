/**
 * Rules in CEL (`x-kubernetes-validations`) of a schema, compiled (apiextensions-apiserver, schema/cel). Programs are made
 * when they are first asked for and kept with the schema object.
 */
import { somewhere } from "../structural/json.ts";
import { resolveFieldPath } from "../structural/spec-errors.ts";
import type { JsonSchema, ValidationRule } from "../structural/types.ts";
import { compile } from "./compile.ts";
import type { Compiled } from "./compile.ts";
import type { CheckEnv } from "./checker.ts";
import type { Range } from "./cost-range.ts";
import { declTypeOf, escapeName, maxRequestBytes, namedDecl, objectsOf } from "./schema-types.ts";
import type { DeclType } from "./schema-types.ts";
import { optionalType } from "./types.ts";

export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Absent when there is nothing to run: an empty rule, or an error. */
  readonly program?: Compiled;
  readonly usesOldSelf: boolean;
  readonly messageProgram?: Compiled;
  /** Why it cannot be run, in Kubernetes' words. */
  readonly error?: string;
  readonly messageError?: string;
  /** Where errors point to, below the value. */
  readonly fieldPath: string;
  /** How often such a value may stand in an object, when no schema bounds it. */
  readonly maxCardinality: number;
}

/** The rules of a schema and of everything under it. */
export interface CompiledRules {
  readonly schema: JsonSchema;
  /** A whole resource: apiVersion, kind and metadata's names are there for its rules. */
  readonly resource: boolean;
  readonly rules: readonly CompiledRule[];
  readonly items: CompiledRules | undefined;
  readonly values: CompiledRules | undefined;
  readonly properties: ReadonlyMap<string, CompiledRules>;
}

const hasRules = somewhere((schema) => (schema["x-kubernetes-validations"] ?? []).length > 0);

const kept = {
  resource: new WeakMap<JsonSchema, CompiledRules>(),
  part: new WeakMap<JsonSchema, CompiledRules>(),
};

/**
 * `undefined`: there are no rules. `resource`: the schema is that of a whole resource. The schema has passed
 * `customSchemaErrors`; a rule that does not compile nevertheless refuses every value, as in Kubernetes.
 */
export function compileRules(schema: JsonSchema, { resource = true } = {}): CompiledRules | undefined {
  if (!hasRules(schema)) return undefined;
  const known = resource ? kept.resource : kept.part;
  let compiled = known.get(schema);
  if (compiled === undefined) {
    compiled = new Rules(schema, resource);
    known.set(schema, compiled);
  }
  return compiled;
}

class Rules implements CompiledRules {
  readonly schema: JsonSchema;
  readonly resource: boolean;
  #rules: readonly CompiledRule[] | undefined;
  #properties: ReadonlyMap<string, CompiledRules> | undefined;

  constructor(schema: JsonSchema, resource: boolean) {
    this.schema = schema;
    this.resource = resource;
  }

  get rules(): readonly CompiledRule[] {
    return (this.#rules ??= compileOwn(this.schema, declTypeOf(this.schema, this.resource)));
  }

  get items(): CompiledRules | undefined {
    const { items } = this.schema;
    return items === undefined ? undefined : part(items);
  }

  get values(): CompiledRules | undefined {
    const { additionalProperties } = this.schema;
    return typeof additionalProperties === "object" ? part(additionalProperties) : undefined;
  }

  get properties(): ReadonlyMap<string, CompiledRules> {
    if (this.#properties === undefined) {
      const found = new Map<string, CompiledRules>();
      for (const [name, property] of Object.entries(this.schema.properties ?? {})) {
        // What CEL has no type for is outside of its reach, rules under it included.
        const rules = declTypeOf(property, isResource(property)) === undefined ? undefined : part(property);
        if (rules !== undefined) found.set(name, rules);
      }
      this.#properties = found;
    }
    return this.#properties;
  }
}

const isResource = (schema: JsonSchema): boolean => schema["x-kubernetes-embedded-resource"] === true;

function part(schema: JsonSchema): CompiledRules | undefined {
  return compileRules(schema, { resource: isResource(schema) });
}

/** Only the rules of the schema itself. `decl` as Kubernetes sees the schema; without it there is nothing to see. */
export function compileOwn(schema: JsonSchema, decl: DeclType | undefined): readonly CompiledRule[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return [];
  if (decl === undefined)
    return rules.map((rule) => ({
      ...emptyRule(rule),
      error: "failed to convert to declType for CEL validation rules",
    }));
  const scope = scopeOf(decl);
  return rules.map((rule) => compileRule(schema, rule, scope));
}

interface Scope {
  readonly env: (optionalOldSelf: boolean) => CheckEnv;
  readonly sizeOf: (path: readonly string[]) => Range | undefined;
  readonly maxCardinality: number;
}

function scopeOf(decl: DeclType): Scope {
  const named = namedDecl(decl, "selfType");
  const objects = objectsOf(named);
  const field = (object: string, name: string): DeclType["type"] | undefined =>
    // Words of the language may be names of fields all the same: `self.namespace`.
    (objects.get(object)?.fields?.get(name) ?? objects.get(object)?.fields?.get(escapeName(name) ?? ""))
      ?.type;
  const env = (optionalOldSelf: boolean): CheckEnv => ({
    variables: { self: named.type, oldSelf: optionalOldSelf ? optionalType(named.type) : named.type },
    field,
    isObject: (name) => objects.has(name),
  });
  return {
    env,
    sizeOf: (path) => sizeAt(decl, path),
    maxCardinality: Math.floor(maxRequestBytes / (decl.minSize + 1)),
  };
}

/** The first name of a path is the variable: `self` and `oldSelf` are alike. */
function sizeAt(decl: DeclType, [, ...path]: readonly string[]): Range | undefined {
  let at: DeclType | undefined = decl;
  for (const name of path) {
    if (name === "@items" || name === "@values") at = at.element;
    else if (name === "@keys") at = at.key;
    else at = at.fields?.get(name);
    if (at === undefined) return undefined;
  }
  return { min: 0, max: at.maxElements };
}

function emptyRule(rule: ValidationRule): CompiledRule {
  return { rule, usesOldSelf: false, fieldPath: "", maxCardinality: 0 };
}

function compileRule(schema: JsonSchema, rule: ValidationRule, scope: Scope): CompiledRule {
  const { rule: text = "", messageExpression = "", fieldPath = "" } = rule;
  const empty = emptyRule(rule);
  if (text.trim() === "") return empty;
  const env = scope.env(rule.optionalOldSelf === true);
  const compilation = compile(text, env, scope.sizeOf);
  if (!compilation.ok) return { ...empty, error: `${compilation.stage} failed: ${compilation.message}` };
  const program = compilation.compiled;
  if (program.type.kind !== "bool") return { ...empty, error: "cel expression must evaluate to a bool" };
  const compiled: CompiledRule = {
    ...empty,
    program,
    usesOldSelf: program.uses.has("oldSelf"),
    fieldPath: fieldPath === "" ? "" : (resolveFieldPath(schema, fieldPath) ?? ""),
    maxCardinality: scope.maxCardinality,
  };
  if (messageExpression === "") return compiled;
  const message = compile(messageExpression, env, scope.sizeOf);
  if (!message.ok) {
    const stage = message.stage === "compilation" ? "compilation" : "instantiation";
    return { ...compiled, messageError: `messageExpression ${stage} failed: ${message.message}` };
  }
  if (message.compiled.type.kind !== "string")
    return { ...compiled, messageError: "messageExpression must evaluate to a string" };
  return { ...compiled, messageProgram: message.compiled };
}
