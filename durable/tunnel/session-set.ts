/** The sessions of one object, and which of them a new stream goes to. */
import type { Attachment } from "./attachment.ts";
import type { LiveSession } from "./live-session.ts";

export class SessionSet {
  readonly #sessions = new Map<WebSocket, LiveSession>();

  get size(): number {
    return this.#sessions.size;
  }

  /** By kind. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = { main: 0, steve: 0 };
    for (const { attachment } of this.#sessions.values())
      counts[attachment.kind] = (counts[attachment.kind] ?? 0) + 1;
    return counts;
  }

  /** Open ones, of all. */
  get streams(): number {
    let streams = 0;
    for (const session of this.#sessions.values()) streams += session.streams;
    return streams;
  }

  all(): readonly LiveSession[] {
    return [...this.#sessions.values()];
  }

  of(socket: WebSocket): LiveSession | undefined {
    return this.#sessions.get(socket);
  }

  add(session: LiveSession): void {
    this.#sessions.set(session.socket, session);
  }

  /** False when it was not there (any more). */
  remove(session: LiveSession): boolean {
    return this.#sessions.delete(session.socket);
  }

  /**
   * Those of a kind that are let in, in the order in which they are tried: the healthy ones, the newest first, then the others. Go takes the
   * oldest, which is the one that a half-open connection leaves behind (tunnel.md 6, row 11).
   */
  candidates(kind: Attachment["kind"]): readonly LiveSession[] {
    return (
      this.all()
        .filter(({ attachment }) => attachment.kind === kind && attachment.unproven === undefined)
        // Of two that opened in one millisecond, the later one is the newer.
        .toReversed()
        .toSorted((a, b) => b.attachment.openedAt - a.attachment.openedAt)
        .toSorted((a, b) => a.health - b.health)
    );
  }
}
