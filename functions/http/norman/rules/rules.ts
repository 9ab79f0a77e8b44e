/** What a type's rules may add to what its declaration says. All are optional: most types need none. */
import type { KubeObject } from "../../../../schema/object.ts";
import type { Identity } from "../../../identity/identity.ts";
import type { AppContext } from "../../context.ts";
import type { Input } from "../input.ts";

export interface RuleContext {
  readonly c: AppContext;
  readonly identity: Identity;
}

export type Computed = Readonly<Record<string, unknown>>;

export interface Created {
  readonly object: KubeObject;
  /** Shown in this answer alone. */
  readonly shown?: Computed;
}

export interface TypeRules {
  /** The objects that a list or a read by name may find, in place of the store's own. `names`: only these. */
  readonly find?: (context: RuleContext, names?: readonly string[]) => Promise<readonly KubeObject[]>;
  /** Fields that come from elsewhere, one record per object, in their order. */
  readonly compute?: (context: RuleContext, objects: readonly KubeObject[]) => Promise<readonly Computed[]>;
  /** Links and actions that are not offered. */
  readonly hidden?: (context: RuleContext, object: KubeObject) => readonly string[];
  /** In place of storing the object as it is. `object` has its name and namespace. The answer may show more. */
  readonly create?: (context: RuleContext, object: KubeObject, input: Input) => Promise<Created>;
  /** Before a PUT (with its input) or a DELETE (without) is applied: throws what forbids it. */
  readonly beforeChange?: (context: RuleContext, object: KubeObject, input?: Input) => void;
  /** In place of the store's own delete. */
  readonly remove?: (context: RuleContext, object: KubeObject) => Promise<KubeObject>;
  /** Fields that errors call by another name. */
  readonly fieldNames?: Readonly<Record<string, string>>;
  readonly actions?: Readonly<
    Record<string, (context: RuleContext, id: string, body: Body) => Promise<ActionResult>>
  >;
  readonly collectionActions?: Readonly<
    Record<string, (context: RuleContext, body: Body) => Promise<ActionResult>>
  >;
}

export type Body = Readonly<Record<string, unknown>>;

/** An object of the type, any other JSON, or nothing. */
export type ActionResult = { readonly object: KubeObject } | { readonly json: object } | undefined;
