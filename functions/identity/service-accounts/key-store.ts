/** The signing keys in Postgres: one row of `meta`, changed only by compare and swap, so that of several starts one wins. */
import { exportJWK, generateKeyPair } from "jose";
import type { Sql } from "postgres";
import { sealPrefix } from "../../../schema/seal/sealer.ts";
import type { Sealer } from "../../../schema/seal/sealer.ts";
import { isRotationDue, noted, parseKeySet, sealPlace, withNext, withoutRetired } from "./key-set.ts";
import type { KeySet, SigningKey } from "./key-set.ts";

const row = "service-account-keys";
const maxAttempts = 10;
const modulusLength = 2048;

export interface KeyStore {
  /** The key set; makes the first key where there is none. */
  readonly load: () => Promise<KeySet>;
  /** Notes, before a token is given out, until when its key must be kept. Writes at most once a day for tokens of one life. */
  readonly note: (kid: string, issuer: string | undefined, expiry: number | null) => Promise<KeySet>;
  /** Publishes the next key when it is time, drops what no living token needs, and seals by the current key what is left. */
  readonly maintain: (now: number) => Promise<KeySet>;
}

/** `now` is in epoch seconds. */
export function createKeyStore(sql: () => Sql, sealer: Sealer): KeyStore {
  const change = async (next: (set: KeySet) => Promise<KeySet> | KeySet): Promise<KeySet> => {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const [stored] = await sql()<{ value: string }[]>`select value from meta where key = ${row}`;
      const before = stored === undefined ? await firstSet(sealer) : parseKeySet(stored.value);
      const after = await next(before);
      if (stored !== undefined && after === before) return before;
      const value = JSON.stringify(after);
      const written =
        stored === undefined
          ? await sql()`insert into meta (key, value) values (${row}, ${value}) on conflict (key) do nothing returning 1`
          : await sql()`
              update meta set value = ${value}, updated_at = now()
              where key = ${row} and value = ${stored.value} returning 1`;
      if (written.length === 1) return after;
    }
    throw new Error("the signing keys of service accounts change all the time");
  };
  return {
    load: () => change((set) => set),
    note: (kid, issuer, expiry) => change((set) => noted(set, kid, issuer, expiry)),
    maintain: (now) =>
      change(async (set) => {
        const kept = await sealedAnew(withoutRetired(set, now), sealer);
        return isRotationDue(kept, now) ? withNext(kept, await newKey(sealer), now) : kept;
      }),
  };
}

/** The set itself where all is sealed by the current key. */
async function sealedAnew(set: KeySet, sealer: Sealer): Promise<KeySet> {
  const isCurrent = ({ sealed }: SigningKey): boolean => sealed.startsWith(sealPrefix(sealer.keyId));
  if (set.keys.every(isCurrent)) return set;
  const keys = await Promise.all(
    set.keys.map(async (key) => {
      if (isCurrent(key)) return key;
      const place = sealPlace(key.kid);
      return { ...key, sealed: await sealer.seal(await sealer.open(key.sealed, place), place) };
    }),
  );
  return { ...set, keys };
}

async function firstSet(sealer: Sealer): Promise<KeySet> {
  return { v: 1, keys: [{ ...(await newKey(sealer)), signsFrom: 0, lastExpiry: 0 }], issuers: [] };
}

async function newKey(sealer: Sealer): Promise<Omit<SigningKey, "signsFrom" | "lastExpiry">> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { modulusLength, extractable: true });
  const { n = "", e = "" } = await exportJWK(publicKey);
  const kid = await keyIdOf(publicKey);
  const sealed = await sealer.seal(JSON.stringify(await exportJWK(privateKey)), sealPlace(kid));
  return { kid, jwk: { kty: "RSA", n, e }, sealed };
}

async function keyIdOf(key: CryptoKey): Promise<string> {
  const spki = await crypto.subtle.exportKey("spki", key);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki as ArrayBuffer));
  return btoa(String.fromCharCode(...digest))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
