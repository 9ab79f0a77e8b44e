/**
 * The instance lease: one row that says which Drover uses a database, so that a second one is refused. Two of them would each
 * believe to have the only object of every name.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import type { Database } from "../postgres/client.ts";
import { openDatabase } from "../postgres/client.ts";
import type { DatabaseTarget } from "../postgres/database-url.ts";
import type { Log } from "../log.ts";
import { within } from "../process/child.ts";
import { UserError } from "../user-error.ts";

const KEY = "instance-lease";
const VALID_SECONDS = 20;
const RENEW_MS = 5000;

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

/** Refuses to go on while another Drover holds the lease. For use before migrations: no table means no other Drover. */
export async function refuseSecondInstance(database: Database, holder: string): Promise<void> {
  const [table] = await database<{ exists: boolean }[]>`select to_regclass('meta') is not null as exists`;
  if (table?.exists !== true) return;
  const [other] = await database<{ value: string; seconds: number }[]>`
    select value, extract(epoch from (value::json->>'until')::timestamptz - now())::float8 as seconds
    from meta where key = ${KEY} and value::json->>'holder' <> ${holder}`;
  if (other !== undefined && other.seconds > 0) throw occupied(other.value, other.seconds);
}

/** Takes the lease and keeps renewing it. Throws `UserError` when another Drover holds it. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { target, holder, log, onLost, renewMs = RENEW_MS } = options;
  const token = randomUUID();
  let database = openDatabase(target());
  const close = () => database.end({ timeout: 1 }).catch(() => undefined);
  try {
    await refuseSecondInstance(database, holder);
    if (!(await write(database, holder, token)))
      throw new UserError("another Drover took this database a moment ago");
  } catch (error) {
    await close();
    throw error;
  }
  let released = false;
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    try {
      if (await extend(database, token)) return;
      clearInterval(timer);
      if (!released) onLost();
    } catch (error) {
      log("debug", "lease", `not renewed: ${error instanceof Error ? error.message : String(error)}`);
      await close();
      database = openDatabase(target());
    }
  };
  const timer = setInterval(() => {
    renewing ??= renew().finally(() => (renewing = undefined));
  }, renewMs);
  return {
    release: async () => {
      released = true;
      clearInterval(timer);
      await renewing;
      // Without a database there is nobody to tell; the lease then ends by itself.
      const gone = database`delete from meta where key = ${KEY} and value::json->>'token' = ${token}`;
      await within(
        gone.catch(() => undefined),
        2000,
      );
      await close();
    },
  };
}

async function write(database: Database, holder: string, token: string): Promise<boolean> {
  const rows = await database`
    insert into meta (key, value, updated_at)
    values (${KEY}, json_build_object(
      'holder', ${holder}::text, 'pid', ${process.pid}::int, 'host', ${hostname()}::text, 'token', ${token}::text,
      'until', now() + make_interval(secs => ${VALID_SECONDS}))::text, now())
    on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at
    where (meta.value::json->>'until')::timestamptz <= now() or meta.value::json->>'holder' = ${holder}
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
