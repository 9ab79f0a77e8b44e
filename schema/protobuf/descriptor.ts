/** How messages are described: data, so that one decoder reads all of them. */

/**
 * One field: its number, its name in JSON, the type of one value, and how Go's struct holds it. `type` is a scalar of
 * `scalars`, a type of well-known.ts or the name of a message.
 */
export type Field = readonly [number: number, name: string, type: string, how?: How];

/**
 * - absent: one value, left out of the JSON when it is zero (`omitempty`)
 * - `?`: one value that may be absent (a pointer); zero values are kept
 * - `[]`: a list; `{}`: a map with string keys; left out of the JSON when empty
 *
 * With `!` an absent value is in the JSON nevertheless: as zero, or as null where Go has no value.
 */
export type How = "!" | "?" | "?!" | "[]" | "[]!" | "{}" | "{}!";

/** Fields of messages in the order of the JSON, by the message's name: `core.v1.ConfigMap`. */
export type Messages = Readonly<Record<string, readonly Field[]>>;

/** `json` is what FieldsV1 has: bytes that hold JSON text. */
export const scalars = ["string", "bytes", "json", "bool", "int32", "int64", "double"] as const;
export type Scalar = (typeof scalars)[number];

export function isScalar(type: string): type is Scalar {
  return (scalars as readonly string[]).includes(type);
}
