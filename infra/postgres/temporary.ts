/** For tests: an embedded PostgreSQL in a temporary directory. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseTarget } from "./database-url.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import { preparePostgres, startPostgres } from "./embedded.ts";

export interface TemporaryPostgres {
  readonly target: DatabaseTarget;
  readonly stop: () => Promise<void>;
}

export async function temporaryPostgres(): Promise<TemporaryPostgres> {
  const dir = mkdtempSync(join(tmpdir(), "drover-postgres-"));
  chmodSync(dir, 0o711);
  const silent = () => undefined;
  const part = await startPostgres(await preparePostgres(dir, silent), silent);
  return {
    target: parseDatabaseUrl(part.url),
    stop: async () => {
      await part.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
