/** Watchers that want the same: each event is judged once for all of them, and its line is made once. Pure. */
import type { Bodies, Selection } from "./selection.ts";
import { judge } from "./selection.ts";
import type { LoggedEvent } from "./watch-lines.ts";
import type { Watcher } from "./watcher.ts";

/** What a group needs of a watcher. */
export type Member = Pick<Watcher, "selection" | "sealedToo" | "at" | "write" | "cutIfSlow">;

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

  publish(logged: LoggedEvent, bodies: Bodies): void {
    const change = judge(this.#selection, logged.event, bodies);
    if (change === undefined) return;
    for (const member of this.#members) {
      // It joined with a revision that this object had not heard of yet.
      if (logged.event.revision <= member.at) continue;
      member.write(logged.line(change, member.sealedToo));
      member.cutIfSlow();
    }
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

  publish(logged: LoggedEvent, bodies: Bodies): void {
    for (const group of this.#groups.values()) group.publish(logged, bodies);
  }
}
