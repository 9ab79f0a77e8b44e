/** Watchers that want the same: each event is judged once for all of them, and its line is made once. Pure. */
import type { RelayLink } from "./relay-link.ts";
import type { Bodies, Selection } from "./selection.ts";
import { judge } from "./selection.ts";
import type { LoggedEvent } from "./watch-lines.ts";
import type { Watcher } from "./watcher.ts";

/** What a group needs of a watcher. */
export type Member = Pick<Watcher, "selection" | "sealedToo" | "at" | "write" | "cutIfSlow"> &
  Partial<Pick<Watcher, "relayId">>;

export class WatchGroup {
  readonly #selection: Selection;
  readonly #members = new Set<Member>();

  constructor(selection: Selection) {
    this.#selection = selection;
  }

  get size(): number {
    return this.#members.size;
  }

  add(member: Member): void {
    this.#members.add(member);
  }

  delete(member: Member): void {
    this.#members.delete(member);
  }

  /** `link`: of the members with an id there, who are written to together. */
  publish(logged: LoggedEvent, bodies: Bodies, link?: RelayLink): void {
    const change = judge(this.#selection, logged.event, bodies);
    if (change === undefined) return;
    const relayed: number[] = [];
    for (const member of this.#members) {
      // It joined with a revision that this object had not heard of yet.
      if (logged.event.revision <= member.at) continue;
      if (member.relayId !== undefined) {
        relayed.push(member.relayId);
        continue;
      }
      member.write(logged.line(change, member.sealedToo));
      member.cutIfSlow();
    }
    if (relayed.length > 0) writeTo(link, relayed, logged.line(change, false));
  }
}

/** The groups of one fan-out. */
export class WatchGroups {
  readonly #groups = new Map<string, WatchGroup>();

  get size(): number {
    return this.#groups.size;
  }

  add(member: Member): void {
    const { selection } = member;
    let group = this.#groups.get(selection.key);
    if (group === undefined) {
      group = new WatchGroup(selection);
      this.#groups.set(selection.key, group);
    }
    group.add(member);
  }

  delete(member: Member): void {
    const group = this.#groups.get(member.selection.key);
    group?.delete(member);
    if (group?.size === 0) this.#groups.delete(member.selection.key);
  }

  publish(logged: LoggedEvent, bodies: Bodies, link?: RelayLink): void {
    for (const group of this.#groups.values()) group.publish(logged, bodies, link);
  }
}

function writeTo(link: RelayLink | undefined, ids: readonly number[], line: Uint8Array): void {
  if (line.byteLength > 0) link?.write(ids, line);
}
