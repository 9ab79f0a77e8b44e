/** Key encryption keys by id, as the secret `DROVER_KEYS` holds them (design 10). */

export interface KeyRing {
  /** Id of the key that seals. */
  readonly current: string;
  /** 32 bytes each. Retired keys stay here until everything sealed by them has been sealed anew. */
  readonly keys: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const keyBytes = 32;
/** An id stands between colons in sealed values. */
const idPattern = /^[A-Za-z0-9._-]{1,32}$/;

/** Reads `{"current":"k1","keys":{"k1":"<base64, 32 bytes>"}}`. Throws an Error that never shows key material. */
export function parseKeyRing(text: string): KeyRing {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("DROVER_KEYS is not JSON");
  }
  const { current, keys } = (typeof value === "object" && value !== null ? value : {}) as {
    current?: unknown;
    keys?: unknown;
  };
  if (typeof current !== "string" || typeof keys !== "object" || keys === null)
    throw new Error('DROVER_KEYS must have the form {"current":"k1","keys":{"k1":"<base64, 32 bytes>"}}');
  const ring = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [id, encoded] of Object.entries(keys)) {
    const key = typeof encoded === "string" ? fromBase64(encoded) : undefined;
    if (!idPattern.test(id) || key?.length !== keyBytes)
      throw new Error(
        `DROVER_KEYS: key ${JSON.stringify(id)} is not ${keyBytes} bytes in base64 under an id of letters and digits`,
      );
    ring.set(id, key);
  }
  if (!ring.has(current)) throw new Error("DROVER_KEYS: the current key is missing");
  return { current, keys: ring };
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
