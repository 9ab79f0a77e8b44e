/** The sessions that a peer has opened here, and what it has announced on them: the clusters that we reach through it. */
import { AnnouncedClients } from "../../wire/remotedialer/clients.ts";
import type { AnnouncedClient } from "../../wire/remotedialer/clients.ts";
import type { Attachment } from "../tunnel/attachment.ts";
import type { LiveSession } from "../tunnel/live-session.ts";

export type PeerAttachment = Attachment<"peer">;
export type PeerSession = LiveSession<"peer">;

/** Announcements outlive the object's memory, as their socket does: nobody makes them again. */
export class AnnouncementStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(
      `create table if not exists announced (
         session_key text not null, client_key text not null, remote_key text not null,
         primary key (session_key, client_key, remote_key)) without rowid`,
    );
  }

  add(sessionKey: string, { clientKey, sessionKey: remoteKey }: AnnouncedClient): void {
    this.#sql.exec(`insert or ignore into announced values (?, ?, ?)`, sessionKey, clientKey, remoteKey);
  }

  remove(sessionKey: string, { clientKey, sessionKey: remoteKey }: AnnouncedClient): void {
    this.#sql.exec(
      `delete from announced where session_key = ? and client_key = ? and remote_key = ?`,
      sessionKey,
      clientKey,
      remoteKey,
    );
  }

  removeAll(sessionKey: string): void {
    this.#sql.exec(`delete from announced where session_key = ?`, sessionKey);
  }

  /** Of a session that is open. */
  read(sessionKey: string): AnnouncedClients {
    const clients = new AnnouncedClients();
    const rows = this.#sql.exec<{ client_key: string; remote_key: string }>(
      `select client_key, remote_key from announced where session_key = ?`,
      sessionKey,
    );
    for (const row of rows) clients.add({ clientKey: row.client_key, sessionKey: row.remote_key });
    return clients;
  }

  /** Of sessions that ended without an event: with the object. */
  keepOnly(sessionKeys: readonly string[]): void {
    const rows = this.#sql
      .exec<{ session_key: string }>(`select distinct session_key from announced`)
      .toArray();
    for (const { session_key: key } of rows) if (!sessionKeys.includes(key)) this.removeAll(key);
  }
}

/** Sessions of clients: a peer that announces more is broken, or wants to fill our memory. */
const maxClients = 50_000;

export interface Accepted {
  readonly session: PeerSession;
  readonly clients: AnnouncedClients;
}

export class AcceptedSessions {
  readonly #store: AnnouncementStore;
  readonly #sessions = new Map<WebSocket, Accepted>();

  constructor(store: AnnouncementStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The oldest first. */
  all(): readonly Accepted[] {
    return [...this.#sessions.values()].toSorted(
      (a, b) => a.session.attachment.openedAt - b.session.attachment.openedAt,
    );
  }

  of(socket: WebSocket): PeerSession | undefined {
    return this.#sessions.get(socket)?.session;
  }

  add(session: PeerSession): void {
    const clients = this.#store.read(session.attachment.sessionKey);
    this.#sessions.set(session.socket, { session, clients });
  }

  /** False when it was not there (any more). */
  remove(session: PeerSession): boolean {
    this.#store.removeAll(session.attachment.sessionKey);
    return this.#sessions.delete(session.socket);
  }

  /** False: it announces too many. */
  announced(socket: WebSocket, change: "added" | "removed", client: AnnouncedClient): boolean {
    const accepted = this.#sessions.get(socket);
    if (accepted === undefined) return true;
    const { session, clients } = accepted;
    if (change === "removed") {
      clients.remove(client);
      this.#store.remove(session.attachment.sessionKey, client);
      return true;
    }
    if (clients.sessions >= maxClients) return false;
    clients.add(client);
    this.#store.add(session.attachment.sessionKey, client);
    return true;
  }

  /** Those by which the peer reaches a client, in the order in which they are tried: healthy ones first, of them the newest. */
  reaching(clientKey: string): readonly PeerSession[] {
    return this.all()
      .filter(({ clients }) => clients.has(clientKey))
      .map(({ session }) => session)
      .toReversed()
      .toSorted((a, b) => a.health - b.health);
  }
}

/** `undefined` for anything but an attachment of a version we know: such a socket is closed, and the peer comes back. */
export function readPeerAttachment(value: unknown): PeerAttachment | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { v, clusterId, kind, sessionKey, openedAt, remoteAddress, tokenHash } =
    value as Partial<PeerAttachment>;
  const known =
    v === 1 &&
    kind === "peer" &&
    typeof clusterId === "string" &&
    typeof sessionKey === "string" &&
    typeof openedAt === "number" &&
    typeof remoteAddress === "string" &&
    typeof tokenHash === "string";
  return known ? { v, clusterId, kind, sessionKey, openedAt, remoteAddress, tokenHash } : undefined;
}
