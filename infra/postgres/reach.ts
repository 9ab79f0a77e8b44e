/** Whether a database can be reached at all, before postgres.js is let loose on it. */
import { openServerSession } from "../pooler/server-startup.ts";
import { UserError } from "../user-error.ts";
import type { DatabaseTarget } from "./database-url.ts";
import { describeTarget } from "./database-url.ts";

const LIMIT_MS = 10_000;

/**
 * Logs in once. Throws `UserError` with the reason on one line. postgres.js would try for ever where something accepts
 * connections and hangs up, as a load balancer without a server behind it does.
 */
export async function reachDatabase(target: DatabaseTarget): Promise<void> {
  try {
    const { socket } = await openServerSession(target, LIMIT_MS);
    socket.destroy();
  } catch (error) {
    throw cannotConnect(target, error);
  }
}

/** Why a connection failed, in one line. */
export function cannotConnect(target: DatabaseTarget, error: unknown): UserError {
  const { message = "", code = "unknown reason" } = error as { message?: string; code?: string };
  // An AggregateError (localhost on IPv4 and IPv6) has no message of its own.
  const reason = message === "" ? code : message;
  return new UserError(`--database-url: cannot connect to ${describeTarget(target)}: ${reason}`);
}
