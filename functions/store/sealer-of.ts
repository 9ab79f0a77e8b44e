/** The sealer of this installation's key ring. */
import { parseKeyRing } from "../../schema/seal/keys.ts";
import { createSealer } from "../../schema/seal/sealer.ts";
import type { Sealer } from "../../schema/seal/sealer.ts";
import type { Env } from "../env.ts";

/** One per isolate and key ring: derived keys are kept. */
let sealers: { readonly keys: string; readonly sealer: Sealer } | undefined;

/** Throws for a key ring that cannot be read. */
export function sealerOf({ DROVER_KEYS: keys }: Pick<Env, "DROVER_KEYS">): Sealer {
  if (sealers?.keys !== keys) sealers = { keys, sealer: createSealer(parseKeyRing(keys)) };
  return sealers.sealer;
}
