/** Fields of objects, entries of maps and elements of lists (cel-go, interpreter/attributes). Pure. */
import { shown } from "./collections.ts";
import { CelError, ListValue, MapValue, Uint } from "./values.ts";
import type { Result, Value } from "./values.ts";

/** `undefined`: it is not there, and `lenient` says that this is no error. */
export function qualify(value: Value, key: Value, lenient: boolean): Result | undefined {
  if (value instanceof MapValue) {
    const found = value.find(key);
    if (found !== undefined) return found;
    return lenient ? undefined : new CelError(`no such key: ${shown(key)}`);
  }
  if (value instanceof ListValue) {
    const index = indexOf(key);
    if (typeof index !== "number") return index;
    if (index >= 0 && index < value.size) return value.get(index);
    return lenient ? undefined : new CelError(`index out of bounds: ${shown(key)}`);
  }
  return lenient ? undefined : new CelError(`no such key: ${shown(key)}`);
}

function indexOf(key: Value): number | CelError {
  if (typeof key === "bigint") return Number(key);
  if (key instanceof Uint) return Number(key.value);
  if (typeof key === "number" && Number.isInteger(key)) return key;
  if (typeof key === "number") return new CelError(`unsupported index value ${key} in list`);
  return new CelError(`unsupported index type '${typeof key === "string" ? "string" : "bool"}' in list`);
}
