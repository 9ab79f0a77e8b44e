/** Two sessions joined in memory: `server` dials, `agent` gets the streams. */
import { setImmediate as turn } from "node:timers/promises";
import type { Conn } from "../../wire/remotedialer/conn.ts";
import { Session } from "../../wire/remotedialer/session.ts";

export interface Pair {
  readonly server: Session;
  readonly agent: Session;
}

/** Messages arrive in order, a turn of the event loop later; a sender sees what is on its way, as on a socket. */
export function joinedSessions(onConnect: (conn: Conn) => void): Pair {
  const server: Session = end(() => agent);
  const agent: Session = end(() => server, onConnect);
  return { server, agent };
}

function end(peer: () => Session, onConnect?: (conn: Conn) => void): Session {
  let onItsWay = 0;
  let pressed = false;
  const session: Session = new Session({
    limits: { writeHighWater: 0, socketHighWater: 256 << 10 },
    bufferedAmount: () => onItsWay,
    onPressed: () => (pressed = true),
    onFatal(reason) {
      throw new Error(reason);
    },
    ...(onConnect === undefined ? {} : { onConnect }),
    send(message) {
      onItsWay += message.length;
      setImmediate(() => {
        onItsWay -= message.length;
        peer().receive(message);
        if (pressed && onItsWay === 0) {
          pressed = false;
          session.pump();
        }
      });
    },
  });
  return session;
}

/** Waits, in turns of the event loop, until `condition` holds; fails after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`);
    await turn();
  }
}
