/** Requests for one type: collections, resources and their actions (norman-v3.md 1.5, 1.8). */
import { generateNameSuffix } from "../../../schema/auth/token-secret.ts";
import type { KubeObject } from "../../../schema/object.ts";
import { allowedNames } from "../../../schema/rbac/evaluate.ts";
import type { NormanDefinition } from "../../../schema/resources/registry.ts";
import { isStoreError } from "../../../schema/store/errors.ts";
import { randomBytes } from "../../identity/hasher.ts";
import { readBody, readJsonObject } from "../body.ts";
import { baseUrl, requireIdentity, storeOf } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";
import { collectionOf } from "./collection.ts";
import { normanFailure } from "./failures.ts";
import { fieldsOf } from "./fields.ts";
import { changedObject, newObject, readCreateInput, readUpdateInput } from "./input.ts";
import type { Input } from "./input.ts";
import { collectionUrl } from "./links.ts";
import { readPath } from "./object-path.ts";
import { isName, parseId } from "./path.ts";
import { filterRows, pageOf, parseListQuery, sortRows } from "./query.ts";
import type { ListQuery, Row } from "./query.ts";
import { idOf, resourceOf, rowOf } from "./resource.ts";
import { rulesOf } from "./rules/index.ts";
import type { ActionResult, Body, Computed, Created, RuleContext, TypeRules } from "./rules/rules.ts";

export class TypeRequests {
  readonly #c: AppContext;
  readonly #definition: NormanDefinition;
  readonly #fields: ReturnType<typeof fieldsOf>;
  readonly #rules: TypeRules;
  readonly #context: RuleContext;
  /** Equality that a sub-context implies: `/v3/clusters/c-x/clusterregistrationtokens`. */
  readonly #implied: Readonly<Record<string, string>>;

  constructor(c: AppContext, definition: NormanDefinition, implied: Readonly<Record<string, string>> = {}) {
    this.#c = c;
    this.#definition = definition;
    this.#fields = fieldsOf(definition);
    this.#rules = rulesOf(definition.norman.id);
    this.#context = { c, identity: requireIdentity(c) };
    this.#implied = implied;
  }

  async list(): Promise<Response> {
    const parameters = this.#parameters();
    const query = parseListQuery(parameters, this.#fields);
    const implied = Object.entries(this.#implied).map(
      ([field, value]) => ({ field, modifier: "eq", values: [value] }) as const,
    );
    const filters = [...query.filters, ...implied];
    const objects = await this.#find(filters);
    const rows = await this.#rows(objects);
    const byId = new Map(objects.map((object) => [idOf(this.#definition, object), object]));
    const page = pageOf(sortRows(filterRows(rows, filters), query), query);
    const base = await baseUrl(this.#c);
    const data = page.rows.map((row) => this.#envelope(row, byId.get(String(row["id"])), base, false));
    const self = `${base}${this.#c.req.path}`;
    const actions = Object.fromEntries(
      Object.keys(this.#definition.norman.collectionActions ?? {}).map((name) => [
        name,
        `${collectionUrl(base, this.#definition)}?action=${name}`,
      ]),
    );
    const definition = this.#definition;
    return this.#c.json(
      collectionOf({ definition, fields: this.#fields, base, self, parameters, query, page, actions, data }),
    );
  }

  async get(id: string): Promise<Response> {
    return this.#answer(await this.#one(id), 200);
  }

  async create(): Promise<Response> {
    const given = await readJsonObject(this.#c.req.raw);
    const input = readCreateInput(this.#fields, { ...given, ...this.#implied });
    const object = newObject(this.#definition, this.#fields, input, this.#placeOf(input));
    const { create } = this.#rules;
    const { userId } = this.#context.identity;
    const made = await this.#written(async (): Promise<Created> =>
      create === undefined
        ? { object: await storeOf(this.#c).create(this.#definition, object, { creatorId: userId }) }
        : create(this.#context, object, input),
    );
    return this.#answer(made.object, 201, { posted: true, ...made });
  }

  /** No optimistic locking here: the last writer wins (norman-v3.md 1.8). */
  async update(id: string): Promise<Response> {
    const current = await this.#one(id);
    const given = await readJsonObject(this.#c.req.raw);
    const input = readUpdateInput(this.#fields, given, this.#parameters().get("_replace") === "true");
    this.#rules.beforeChange?.(this.#context, current, input);
    const { namespace = "", name } = current.metadata;
    const changed = await this.#written(() =>
      storeOf(this.#c).modify(this.#definition, namespace, name, (latest) =>
        changedObject(this.#definition, this.#fields, input, latest),
      ),
    );
    return this.#answer(changed, 200);
  }

  async remove(id: string): Promise<Response> {
    const current = await this.#one(id);
    this.#rules.beforeChange?.(this.#context, current);
    const { namespace = "", name } = current.metadata;
    const { remove } = this.#rules;
    const last = await this.#written(async () =>
      remove === undefined
        ? storeOf(this.#c).delete(this.#definition, namespace, name)
        : remove(this.#context, current),
    );
    return (last.metadata.finalizers ?? []).length > 0 ? this.#answer(last, 200) : this.#c.body(null, 204);
  }

  async act(id: string | undefined, name: string): Promise<Response> {
    const { norman } = this.#definition;
    const declared = id === undefined ? norman.collectionActions : norman.resourceActions;
    if (declared === undefined || !Object.hasOwn(declared, name))
      throw new ApiError("InvalidAction", `Invalid action: ${name}`);
    const body = await this.#optionalBody();
    let result: ActionResult;
    if (id === undefined) {
      const action = this.#rules.collectionActions?.[name];
      if (action === undefined) throw new ApiError("ActionNotAvailable", "not found");
      result = await action(this.#context, body);
    } else {
      const action = this.#rules.actions?.[name];
      if (action === undefined) throw new ApiError("ActionNotAvailable", "not found");
      const { metadata } = await this.#one(id);
      result = await action(this.#context, metadata.name, body);
    }
    if (result === undefined) return this.#c.body(null, 200);
    return "object" in result
      ? this.#answer(result.object, 200, { posted: true })
      : this.#c.json(result.json);
  }

  /** Runs a write; what it refuses is said in Norman's words. */
  async #written<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      throw normanFailure(error, this.#fields, this.#rules.fieldNames);
    }
  }

  /** The client sends an empty body when there is no input. */
  async #optionalBody(): Promise<Body> {
    const clone = this.#c.req.raw.clone();
    if ((await readBody(this.#c.req.raw)).trim() === "") return {};
    return readJsonObject(clone);
  }

  /** Never 403: a list holds what may be read (norman-v3.md 1.8). */
  async #find(filters: ListQuery["filters"]): Promise<readonly KubeObject[]> {
    if (this.#rules.find !== undefined) return this.#rules.find(this.#context);
    const { namespaceField, id } = this.#definition.norman;
    const namespace = filters
      .find(({ field, modifier }) => field === namespaceField && modifier === "eq")
      ?.values[0]?.trim();
    if (namespaceField !== undefined && namespace !== undefined && !isName(namespace)) return [];
    const where = namespaceField === undefined || namespace === undefined ? {} : { namespace };
    const store = storeOf(this.#c);
    try {
      return (await store.list(this.#definition, where)).items;
    } catch (error) {
      if (!isStoreError(error, "Forbidden")) throw error;
      this.#c.get("log").debug("listing by name only", { schema: id });
      const { group, plural } = this.#definition;
      const names = allowedNames(this.#context.identity.rules, { verb: "get", group, resource: plural });
      return names.length === 0 ? [] : (await store.list(this.#definition, { ...where, names })).items;
    }
  }

  async #one(id: string): Promise<KubeObject> {
    const place = parseId(id, this.#definition.scope === "Namespaced");
    if (place === undefined) throw new ApiError("NotFound", "not found");
    const found =
      this.#rules.find === undefined
        ? await storeOf(this.#c).get(this.#definition, place.namespace, place.name)
        : (await this.#rules.find(this.#context, [place.name]))[0];
    if (found === undefined || !this.#isInside(found)) throw new ApiError("NotFound", "not found");
    return found;
  }

  /** What belongs to another cluster is absent below this one (norman-v3.md 1.1). */
  #isInside(object: KubeObject): boolean {
    return Object.entries(this.#implied).every(
      ([name, value]) => readPath(object, this.#fields[name]?.path ?? "") === value,
    );
  }

  /** Name and namespace of a new object (norman-v3.md 1.4). */
  #placeOf(input: Input): { name: string; namespace?: string } {
    const { idPrefix, namespaceField, fields } = this.#definition.norman;
    const named = Object.entries(fields).find(([, { path }]) => path === "metadata.name")?.[0];
    const given = named === undefined ? undefined : input.get(named);
    const name =
      typeof given === "string" && given !== ""
        ? given
        : `${idPrefix ?? ""}${generateNameSuffix(randomBytes)}`;
    if (namespaceField === undefined) return { name };
    const namespace = input.get(namespaceField);
    return { name, namespace: typeof namespace === "string" ? namespace : "" };
  }

  /** `posted`: an answer to POST, which alone shows write-only fields. */
  async #answer(
    object: KubeObject,
    status: 200 | 201,
    { posted = false, shown = {} }: { readonly posted?: boolean; readonly shown?: Computed } = {},
  ): Promise<Response> {
    const [row = {}] = await this.#rows([object]);
    const base = await baseUrl(this.#c);
    return this.#c.json(this.#envelope({ ...row, ...shown }, object, base, posted), status);
  }

  async #rows(objects: readonly KubeObject[]): Promise<Row[]> {
    const computed = await this.#rules.compute?.(this.#context, objects);
    const now = new Date();
    return objects.map((object, index) =>
      rowOf(this.#definition, this.#fields, object, computed?.[index] ?? {}, now),
    );
  }

  #envelope(row: Row, object: KubeObject | undefined, base: string, posted: boolean): object {
    return resourceOf(row, {
      definition: this.#definition,
      fields: this.#fields,
      base,
      hidden: new Set(object === undefined ? [] : this.#rules.hidden?.(this.#context, object)),
      actionLinks: (this.#c.req.raw.headers.get("x-api-action-links") ?? "") !== "",
      posted,
    });
  }

  #parameters(): URLSearchParams {
    const target = this.#c.get("target");
    return new URLSearchParams(target.slice(this.#c.req.path.length + 1));
  }
}
