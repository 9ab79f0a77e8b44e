/** The full JSON text of an object out of its stored parts. Parses nothing: a list passes thousands of bodies on. */

/** Two JSON strings cannot hide a quoted `metadata`: quotes inside of them are escaped. */
const head = /^\{"apiVersion":"(?:[^"\\]|\\.)*","kind":"(?:[^"\\]|\\.)*","metadata":\{/;

/**
 * `body` is that of a row: `{"apiVersion":…,"kind":…,"metadata":{…},…}` without resourceVersion. `secret`: the opened
 * sensitive members, JSON text of an object with at least one, or null. The answer is the body with
 * `metadata.resourceVersion` (first in metadata) and those members (last). Throws `TypeError` for any other body.
 */
export function objectText(body: string, revision: number, secret: string | null): string {
  const [start] = head.exec(body) ?? [];
  if (start === undefined) throw new TypeError("a stored body begins with apiVersion, kind and metadata");
  const separator = body[start.length] === "}" ? "" : ",";
  const end = secret === null ? body.length : body.length - 1;
  const rest = body.slice(start.length, end);
  const text = `${start}"resourceVersion":"${revision}"${separator}${rest}`;
  return secret === null ? text : `${text},${secret.slice(1)}`;
}
