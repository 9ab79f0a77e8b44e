/** What ConfigMaps hold: named texts and named bytes (pkg/apis/core/validation; util/validation, IsConfigMapKey). Pure. */
import type { JsonSchema } from "../../structural/types.ts";

/** Named bytes, perhaps in lines: the format `byte` would refuse those before they are joined, and show what it refuses. */
export const base64Schema = { type: "string" } as const satisfies JsonSchema;

/** Bytes of all values together, keys not counted. */
export const maxDataBytes = 1024 * 1024;

const keyForm =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Why a key may not stand in `data`, or `undefined`. */
export function configKeyProblem(key: string): string | undefined {
  if (key.length > 253) return "must be no more than 253 characters";
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) return keyForm;
  if (key === ".") return "must not be '.'";
  return key.startsWith("..") ? "must not start with '..'" : undefined;
}

/** Base64 may come in lines, as `base64` prints it; it is stored in one. */
export function joinedLines(base64: string): string {
  return base64.replaceAll(/[\r\n]/g, "");
}

/** Bytes that base64 of one line stands for; `undefined`: not base64. */
export function decodedLength(base64: string): number | undefined {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}
