/** Streams for requests, one route after the other, and what is told of those that failed. */
import type { ProxyContext } from "../../schema/internal/context.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import { errorKind } from "./error-kinds.ts";
import { ExchangeFailed } from "./exchange.ts";
import type { Outcome } from "./exchange.ts";
import { Hope } from "./hope.ts";
import type { Route } from "./route.ts";
import type { RequestBody } from "./request-body.ts";

export class SessionLost extends Error {}

/** Counted, and logged under the id that the agent's log has too. A client that leaves is no fault. */
export function failed(route: Route, { requestId, target }: ProxyContext, problem: string): void {
  const kind = errorKind(problem);
  route.meter.error(kind);
  const path = target.split("?", 1)[0];
  route.log[kind === "client" ? "debug" : "warn"]("a request to the cluster failed", {
    requestId,
    path,
    kind,
    problem,
  });
}

/** One try on one route; it loses hope when the route gives no sign of life, while another one might. */
type Attempt = (route: Route, hope: Hope) => Promise<Outcome>;

/**
 * Tries one route after the other: the next one when nothing reached the cluster (`dial …`), or when the request can be
 * repeated and the session was lost or gave no sign of life before the answer.
 */
export async function tryEach(
  routes: readonly Route[],
  { signal, body, repeatable }: { signal: AbortSignal; body: RequestBody | null; repeatable: boolean },
  attempt: Attempt,
): Promise<Outcome> {
  for (const [index, route] of routes.entries()) {
    const isLast = index === routes.length - 1;
    const hope = new Hope();
    const answered = route.awaitAnswer(() => {
      if (repeatable && !isLast) hope.lose();
    });
    try {
      return await attempt(route, hope);
    } catch (error) {
      const neverDialled = error instanceof ExchangeFailed && error.neverDialled;
      if (neverDialled) route.demote();
      const lost = error instanceof SessionLost || (error instanceof ExchangeFailed && !error.answered);
      const again = (neverDialled && (body?.rewind() ?? true)) || (lost && repeatable);
      if (isLast || !again || signal.aborted) throw error;
    } finally {
      answered();
    }
  }
  throw new SessionLost("no session");
}

export function take(route: Route): { conn: ByteStream; reused: boolean } {
  try {
    return route.pool.take();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}

export function dial(route: Route): ByteStream {
  try {
    return route.pool.dial();
  } catch (error) {
    throw new SessionLost(String(error), { cause: error });
  }
}
