/**
 * Encryption at rest (design 3): AES-256-GCM under a data key derived once per key id, never unwrapped per row. A sealed
 * value is bound to its place: it does not open under another object's name or uid.
 */
import { fromBase64, toBase64 } from "./keys.ts";
import type { KeyRing } from "./keys.ts";

export interface Sealer {
  /** `place` is not stored: whoever opens must know it. */
  readonly seal: (text: string, place: string) => Promise<string>;
  /** Throws when the key is unknown, the value was changed, or it was sealed for another place. */
  readonly open: (sealed: string, place: string) => Promise<string>;
  /** Id of the key that seals. */
  readonly keyId: string;
}

/** `CryptoKey`, which Node's types and the Worker's name differently. */
type DataKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

/** `s1:<key id>:<nonce, base64>:<ciphertext and tag, base64>`. */
const version = "s1";
const nonceBytes = 12;

export function createSealer(ring: KeyRing): Sealer {
  const derived = new Map<string, Promise<DataKey>>();
  const dataKey = (id: string): Promise<DataKey> => {
    let key = derived.get(id);
    if (key === undefined) {
      const material = ring.keys.get(id);
      if (material === undefined)
        return Promise.reject(new Error(`sealed by key ${id}, which DROVER_KEYS lacks`));
      key = deriveDataKey(material);
      derived.set(id, key);
    }
    return key;
  };
  return {
    keyId: ring.current,
    async seal(text, place) {
      const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
      const algorithm = { name: "AES-GCM", iv, additionalData: utf8(place) };
      const sealed = await crypto.subtle.encrypt(algorithm, await dataKey(ring.current), utf8(text));
      return [version, ring.current, toBase64(iv), toBase64(new Uint8Array(sealed))].join(":");
    },
    async open(sealed, place) {
      const [format, id = "", nonce = "", data = ""] = sealed.split(":");
      const [iv, bytes] = [fromBase64(nonce), fromBase64(data)];
      if (format !== version || iv?.length !== nonceBytes || bytes === undefined)
        throw new Error("a sealed value has an unknown form");
      const algorithm = { name: "AES-GCM", iv, additionalData: utf8(place) };
      const key = await dataKey(id);
      try {
        return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, bytes));
      } catch (error) {
        throw new Error(`a value sealed by key ${id} does not open at ${place}`, { cause: error });
      }
    },
  };
}

/** How values begin that were sealed by a key: what a database can look for. */
export function sealPrefix(keyId: string): string {
  return `${version}:${keyId}:`;
}

async function deriveDataKey(material: Uint8Array<ArrayBuffer>): Promise<DataKey> {
  const base = await crypto.subtle.importKey("raw", material, "HKDF", false, ["deriveKey"]);
  const info = utf8("drover data key 1");
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}
