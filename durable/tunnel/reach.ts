/** Streams for requests, one session after the other, and what is told of those that failed. */
import type { ProxyContext } from "../../schema/internal/context.ts";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import { errorKind } from "./error-kinds.ts";
import { ExchangeFailed } from "./exchange.ts";
import type { Outcome } from "./exchange.ts";
import type { LiveSession } from "./live-session.ts";
import type { RequestBody } from "./request-body.ts";

export class SessionLost extends Error {}

/** Counted, and logged under the id that the agent's log has too. A client that leaves is no fault. */
export function failed(session: LiveSession, { requestId, target }: ProxyContext, problem: string): void {
  const kind = errorKind(problem);
  session.meter.error(kind);
  const path = target.split("?", 1)[0];
  session.log[kind === "client" ? "debug" : "warn"]("a request to the cluster failed", {
    requestId,
    path,
    kind,
    problem,
  });
}

/** One try on one session; `giveUp` says that it gives no sign of life, while another one might. */
type Attempt = (session: LiveSession, giveUp: AbortSignal) => Promise<Outcome>;

/**
 * Tries one session after the other: the next one when nothing reached the cluster (`dial …`), or when the request can be
 * repeated and the session was lost or gave no sign of life before the answer.
 */
export async function tryEach(
  sessions: readonly LiveSession[],
  { signal, body, repeatable }: { signal: AbortSignal; body: RequestBody | null; repeatable: boolean },
  attempt: Attempt,
): Promise<Outcome> {
  for (const [index, session] of sessions.entries()) {
    const isLast = index === sessions.length - 1;
    const giveUp = new AbortController();
    const answered = session.awaitAnswer(() => {
      if (repeatable && !isLast) giveUp.abort();
    });
    try {
      return await attempt(session, giveUp.signal);
    } catch (error) {
      const neverDialled = error instanceof ExchangeFailed && error.neverDialled;
      if (neverDialled) session.demote();
      const lost = error instanceof SessionLost || (error instanceof ExchangeFailed && !error.answered);
      const again = (neverDialled && (body?.rewind() ?? true)) || (lost && repeatable);
      if (isLast || !again || signal.aborted) throw error;
    } finally {
      answered();
    }
  }
  throw new SessionLost("no session");
}

export function take(session: LiveSession): { conn: Conn; reused: boolean } {
  try {
    return session.pool.take();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}

export function dial(session: LiveSession): Conn {
  try {
    return session.pool.dial();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}
