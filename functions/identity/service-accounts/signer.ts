/** Signs and verifies by the stored keys. An isolate remembers the key set for at most 10 s, and imported keys for good. */
import { SignJWT, importJWK } from "jose";
import type { JWK } from "jose";
import type { Sql } from "postgres";
import type { Sealer } from "../../../schema/seal/sealer.ts";
import { noted, sealPlace, signingKey } from "./key-set.ts";
import type { KeySet, SigningKey } from "./key-set.ts";
import { createKeyStore } from "./key-store.ts";

export const algorithm = "RS256";
const maxAgeMs = 10_000;
/** A token by a key that is not known is no reason to ask the database for each such token. */
const unknownKeyMs = 1_000;

export interface Signer {
  /** At most 10 s old; younger than a second where `kid` is not in it. */
  readonly keySet: (kid?: string) => Promise<KeySet>;
  /** `issuer`: to be accepted from now on; the one of Secrets always is. `expiresAt`: epoch seconds, `null` for a token that never expires; it must be that of the payload. */
  readonly sign: (
    payload: Readonly<Record<string, unknown>>,
    about: { readonly issuer: string | undefined; readonly expiresAt: number | null },
  ) => Promise<string>;
}

/** What jose makes of a JWK: the platform's key. */
type Key = Awaited<ReturnType<typeof importJWK>>;

interface Remembered {
  readonly set: KeySet;
  /** Epoch milliseconds. */
  readonly at: number;
}

let remembered: Remembered | undefined;
const imported = new Map<string, Promise<Key>>();

/** For tests that change the database behind the isolate's back. */
export function forgetKeys(): void {
  remembered = undefined;
  imported.clear();
}

/** `sql` is called only where nothing young enough is remembered. */
export function createSigner(sql: () => Sql, sealer: Sealer, now: () => number = Date.now): Signer {
  const store = createKeyStore(sql, sealer);
  const remember = (set: KeySet): KeySet => {
    remembered = { set, at: now() };
    return set;
  };
  const keySet = async (kid?: string): Promise<KeySet> => {
    const known = remembered;
    const isKnown = kid === undefined || known?.set.keys.some((key) => key.kid === kid) === true;
    const age = known === undefined ? Infinity : now() - known.at;
    if (known !== undefined && age < (isKnown ? maxAgeMs : unknownKeyMs)) return known.set;
    return remember(await store.load());
  };
  return {
    keySet,
    async sign(payload, { issuer, expiresAt }) {
      for (let attempt = 0; attempt < 2; attempt++) {
        const known = await keySet();
        const { kid } = signingKey(known, now() / 1_000);
        // Noted before the token is given out: its key must outlive it, and its issuer be known.
        const isNoted = noted(known, kid, issuer, expiresAt) === known;
        const set = isNoted ? known : remember(await store.note(kid, issuer, expiresAt));
        const key = set.keys.find((one) => one.kid === kid);
        if (key === undefined) continue;
        return new SignJWT({ ...payload })
          .setProtectedHeader({ alg: algorithm, kid })
          .sign(await privateKey(key, sealer));
      }
      throw new Error("the signing keys of service accounts were replaced meanwhile");
    },
  };
}

export function publicKey({ kid, jwk }: SigningKey): Promise<Key> {
  return importOnce(`public ${kid}`, () => importJWK({ ...jwk }, algorithm));
}

function privateKey({ kid, sealed }: SigningKey, sealer: Sealer): Promise<Key> {
  return importOnce(`private ${kid}`, async () => {
    const jwk = JSON.parse(await sealer.open(sealed, sealPlace(kid))) as JWK;
    return importJWK({ ...jwk, ext: false }, algorithm, { extractable: false });
  });
}

async function importOnce(name: string, make: () => Promise<Key>): Promise<Key> {
  let key = imported.get(name);
  if (key === undefined) {
    key = make();
    imported.set(name, key);
  }
  try {
    return await key;
  } catch (error) {
    imported.delete(name);
    throw error;
  }
}
