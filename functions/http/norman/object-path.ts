/** Reading and writing members of objects by dotted path. Paths are declared, never a client's. Pure. */

type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `undefined` where any part is absent. */
export function readPath(object: object, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** A copy with the member set; `undefined` and null remove it. */
export function withPath<T extends object>(object: T, path: string, value: unknown): T {
  const [key = "", ...rest] = path.split(".");
  const members: Json = Object.fromEntries(Object.entries(object));
  if (rest.length > 0) {
    const inner = members[key];
    members[key] = withPath(isObject(inner) ? inner : {}, rest.join("."), value);
  } else if (value === undefined || value === null) delete members[key];
  else members[key] = value;
  return members as T;
}
