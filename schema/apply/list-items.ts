/** How the items of associative lists are told apart. Pure. */
import { isObject, member } from "../patch/values.ts";
import type { ListAtom } from "./atoms.ts";
import { TypedError } from "./errors.ts";
import { goQuote } from "../structural/go-format.ts";
import { keyElement, valueElement } from "./path-element.ts";
import type { PathElement } from "./path-element.ts";

/** Throws TypedError for an item that cannot be told apart. */
export function itemElement(list: ListAtom, item: unknown): PathElement {
  return list.keys.length > 0 ? keyedItem(list, item) : setItem(item);
}

function keyedItem({ keys, element }: ListAtom, item: unknown): PathElement {
  if (item === null) throw new TypedError("associative list with keys may not have a null element");
  if (!isObject(item)) throw new TypedError("associative list with keys may not have non-map elements");
  const found: [string, unknown][] = [];
  for (const key of keys) {
    // A key that is absent and has no default is left out: that, too, tells an item apart.
    const value = Object.hasOwn(item, key) ? member(item, key) : element.map?.field(key)?.default;
    if (value !== undefined) found.push([key, value]);
  }
  if (found.length === 0)
    throw new TypedError(
      `associative list with keys has an element that omits all key fields [${keys.map(goQuote).join(" ")}] (and doesn't have default values for any key fields)`,
    );
  return keyElement(found);
}

function setItem(item: unknown): PathElement {
  if (isObject(item)) throw new TypedError("associative list without keys has an element that's a map type");
  if (Array.isArray(item)) throw new TypedError("not supported: associative list with lists as elements");
  if (item === null)
    throw new TypedError("associative list without keys has an element that's an explicit null");
  return valueElement(item);
}
