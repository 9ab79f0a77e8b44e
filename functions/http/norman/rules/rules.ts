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

export interface TypeRules {
  /** The objects that a list or a read by name may find, in place of the store's own. `names`: only these. */
  readonly find?: (context: RuleContext, names?: readonly string[]) => Promise<readonly KubeObject[]>;
  /** Fields that come from elsewhere, one record per object, in their order. */
  readonly compute?: (context: RuleContext, objects: readonly KubeObject[]) => Promise<readonly Computed[]>;
  /** Links and actions that are not offered. */
  readonly hidden?: (context: RuleContext, object: KubeObject) => readonly string[];
  /** In place of storing the object as it is. `object` has its name and namespace. The answer may show more. */
  readonly create?: (
    context: RuleContext,
    object: KubeObject,
    input: Input,
  ) => Promise<{ readonly object: KubeObject; readonly shown?: Computed }>;
  /** Before a PUT is applied: throws what forbids it. */
  readonly beforeUpdate?: (context: RuleContext, object: KubeObject) => void;
  readonly afterWrite?: () => void;
  /** In place of the store's own delete. */
  readonly remove?: (context: RuleContext, object: KubeObject) => Promise<void>;
  readonly actions?: Readonly<Record<string, (context: RuleContext, id: string, body: Body) => Promise<ActionResult>>>;
  readonly collectionActions?: Readonly<Record<string, (context: RuleContext, body: Body) => Promise<ActionResult>>>;
}

export type Body = Readonly<Record<string, unknown>>;

/** An object of the type, any other JSON, or nothing. */
export type ActionResult = { readonly object: KubeObject } | { readonly json: object } | undefined;
