/** The sweep's part that keeps the keys of service account tokens young. In a steady state it reads one row. */
import type { Sql } from "postgres";
import type { Sealer } from "../../schema/seal/sealer.ts";
import { createKeyStore } from "../identity/service-accounts/key-store.ts";
import type { Logger } from "../../schema/logger.ts";

/** A failure is logged and waits for the next minute. Never rejects: `false`. */
export async function rotateSigningKeys(
  sql: Sql,
  sealer: Sealer,
  { log, now }: { readonly log: Logger; readonly now: Date },
): Promise<boolean> {
  try {
    await createKeyStore(() => sql, sealer).maintain(now.getTime() / 1_000);
    return true;
  } catch (error) {
    log.warn("cannot rotate the keys of service account tokens", { error });
    return false;
  }
}
