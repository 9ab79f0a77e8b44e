/** The Wasm hasher in a Worker: only a statically imported module may be instantiated there. Made on first use. */
import { createHasher } from "../../schema/auth/pbkdf2/pbkdf2.ts";
import type { Hasher } from "../../schema/auth/pbkdf2/pbkdf2.ts";
import pbkdf2Module from "../../schema/auth/pbkdf2/pbkdf2.wasm";

let instance: Hasher | undefined;

export function hasher(): Hasher {
  instance ??= createHasher(new WebAssembly.Instance(pbkdf2Module));
  return instance;
}

/** Cryptographically secure random bytes. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
