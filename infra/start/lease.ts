/**
 * The instance lease: one row that says which Drover uses a database, so that a second one is refused. Two of them would each
 * believe to have the only object of every name.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../postgres/client.ts";
import { openDatabase } from "../postgres/client.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import type { Log } from "../log.ts";
import { within } from "../process/child.ts";
import { processIdentity } from "../process/proc.ts";
import { UserError } from "../user-error.ts";

const KEY = "instance-lease";
const VALID_SECONDS = 20;
const RENEW_MS = 5000;
/** How long giving it up may hold up the end. */
const RELEASE_MS = 2000;

export interface Lease {
  /** Gives the lease up, so that the next start need not wait. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  /** The database; asked again after a lost connection. */
  readonly target: () => DatabaseTarget;
  /** Id of the data directory: its own lease is taken over at once after a crash. */
  readonly holder: string;
  readonly log: Log;
  /** Another Drover has taken the lease over, because this one could not renew it in time. */
  readonly onLost: () => void;
  readonly renewMs?: number;
}

/**
 * Refuses to go on while another Drover holds the lease; returns the lease that may be replaced, if there is one. For use
 * before migrations: no table means no other Drover.
 */
export async function refuseSecondInstance(database: Database, holder: string): Promise<string | undefined> {
  const [table] = await database<{ exists: boolean }[]>`select to_regclass('meta') is not null as exists`;
  if (table?.exists !== true) return undefined;
  const [found] = await database<{ value: string; seconds: number }[]>`
    select value, extract(epoch from (value::json->>'until')::timestamptz - now())::float8 as seconds
    from meta where key = ${KEY}`;
  if (found === undefined) return undefined;
  if (found.seconds > 0 && !isLeftBehind(found.value, holder)) throw occupied(found.value, found.seconds);
  return found.value;
}

/** A lease of this very data directory whose process is gone. A copy of the directory must not oust the original. */
function isLeftBehind(value: string, holder: string): boolean {
  const lease = JSON.parse(value) as { holder: string; pid: number; host: string; identity?: string };
  if (lease.holder !== holder || lease.host !== hostname()) return false;
  return processIdentity(lease.pid) !== lease.identity;
}

/** Takes the lease and keeps renewing it. Throws `UserError` when another Drover holds it. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { target, holder, log, onLost, renewMs = RENEW_MS } = options;
  const token = randomUUID();
  let database = openDatabase(target());
  const close = () => database.end({ timeout: 1 }).catch(() => undefined);
  try {
    const left = await refuseSecondInstance(database, holder);
    if (!(await write(database, holder, token, left)))
      throw new UserError("another Drover took this database a moment ago");
  } catch (error) {
    await close();
    throw error;
  }
  let released = false;
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    try {
      const extended = await Promise.race([extend(database, token), sleep(renewMs, "late" as const)]);
      if (extended === "late") throw new Error("the database does not answer");
      if (extended) return;
      clearInterval(timer);
      if (!released) onLost();
    } catch (error) {
      log("debug", "lease", `not renewed: ${error instanceof Error ? error.message : String(error)}`);
      await close();
      if (!released) database = openDatabase(target());
    }
  };
  const timer = setInterval(() => {
    renewing ??= renew().finally(() => (renewing = undefined));
  }, renewMs);
  return {
    release: async () => {
      released = true;
      clearInterval(timer);
      // The old connection may hang, or have died with a PostgreSQL that was started again meanwhile. A renewal that is
      // under way on it finds no lease any more.
      const fresh = openDatabase(target());
      const gone = fresh`delete from meta where key = ${KEY} and value::json->>'token' = ${token}`;
      // Without a database there is nobody to tell; the lease then ends by itself.
      await within(
        gone.catch(() => undefined),
        RELEASE_MS,
      );
      await Promise.all([fresh.end({ timeout: 1 }).catch(() => undefined), close()]);
    },
  };
}

/** Takes the lease where there is none, or in place of the one that was judged. */
async function write(
  database: Database,
  holder: string,
  token: string,
  left: string | undefined,
): Promise<boolean> {
  const rows = await database`
    insert into meta (key, value, updated_at)
    values (${KEY}, json_build_object(
      'holder', ${holder}::text, 'pid', ${process.pid}::int, 'host', ${hostname()}::text, 'token', ${token}::text,
      'identity', ${processIdentity(process.pid) ?? ""}::text,
      'until', now() + make_interval(secs => ${VALID_SECONDS}))::text, now())
    on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
    where meta.value = ${left ?? ""}
    returning 1`;
  return rows.length === 1;
}

/** Only the one that took it last may extend it: a copied data directory has the same holder, but not the same token. */
async function extend(database: Database, token: string): Promise<boolean> {
  const rows = await database`
    update meta set updated_at = now(), value = (value::jsonb
      || jsonb_build_object('until', now() + make_interval(secs => ${VALID_SECONDS})))::text
    where key = ${KEY} and value::json->>'token' = ${token}
    returning 1`;
  return rows.length === 1;
}

function occupied(value: string, seconds: number): UserError {
  const { pid, host } = JSON.parse(value) as { pid: number; host: string };
  const wait = Math.ceil(seconds);
  return new UserError(
    `another Drover (process ${pid} on ${host}) uses this database; if it is dead, try again in ${wait} s`,
  );
}
