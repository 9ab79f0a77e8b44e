/**
 * A history of a store that does everything right: operations overlap in time, take effect at one moment between request
 * and answer, some answers are lost, and watchers are told in order. From a seed, so that a failure can be repeated.
 */
import type { Call, EventType, HistoryRecord, Precondition, SeenObject } from "./history.ts";

const KEYS = ["key-00", "key-01", "key-02", "key-03"];
const WATCHERS = ["watcher-0", "watcher-1", "watcher-2"];
const CLIENTS = 5;

interface Planned {
  readonly process: string;
  readonly began: number;
  readonly commits: number;
  readonly ends: number;
}

export function simulateHistory(seed: number, operations = 400): HistoryRecord[] {
  const random = randomNumbers(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const records: HistoryRecord[] = WATCHERS.map((process, index) => ({
    kind: "synced",
    at: 2 + index,
    process,
    began: 1,
    how: index % 2 === 0 ? "list" : "stream",
    revision: 100,
    objects: [],
  }));
  const store = new Store();
  const told = new Map(WATCHERS.map((watcher) => [watcher, 0]));
  let last = 0;
  plan(upTo, operations).forEach(({ process, began, commits, ends }, index) => {
    const op = index + 1;
    const isLast = index === operations - 1;
    // The workload's own last write, which every watcher waits for.
    const key = isLast ? "key-last" : (KEYS[upTo(KEYS.length)] ?? "");
    const call = isLast ? "create" : chooseCall(random());
    const value = `${process}.${op}`;
    const precondition = call === "update" || call === "delete" ? store.somePrecondition(key, upTo) : {};
    records.push({
      kind: "invoke",
      at: began,
      process,
      op,
      call,
      ...(call === "list" ? {} : { key }),
      ...(call === "create" || call === "update" ? { value } : {}),
      precondition,
    });
    const lost = !isLast && random() < 0.15;
    // A request that was lost on the way there.
    const arrives = !lost || random() < 0.5;
    const answer = arrives ? store.apply(call, key, value, precondition) : undefined;
    if (answer?.event !== undefined) {
      const { event, object } = answer.event;
      for (const [watcher, before] of told) {
        const at = Math.max(before, commits) + 1 + upTo(40);
        told.set(watcher, at);
        records.push({ kind: "event", at, process: watcher, event, object });
        if (random() < 0.05) {
          records.push({ kind: "bookmark", at: at + 0.5, process: watcher, revision: object.revision });
          records.push({ kind: "disconnect", at: at + 0.6, process: watcher, reason: "EOF" });
        }
      }
    }
    last = Math.max(last, ends);
    if (lost) records.push({ kind: "unknown", at: ends, process, op, reason: "EOF" });
    else if (answer?.refusal !== undefined)
      records.push({ kind: "fail", at: ends, process, op, reason: answer.refusal });
    else records.push({ kind: "ok", at: ends, process, op, ...answer?.fields });
  });
  for (const [process, at] of told) {
    records.push({ kind: "stopped", at: Math.max(at, last) + 1, process, revision: store.revision });
  }
  return records.toSorted((a, b) => a.at - b.at);
}

/** The times of overlapping operations, in the order in which they take effect. The last begins after all have ended. */
function plan(upTo: (limit: number) => number, operations: number): Planned[] {
  const free = Array.from({ length: CLIENTS }, () => 10);
  const planned = Array.from({ length: operations - 1 }, (_, index): Planned => {
    const client = index % CLIENTS;
    const began = (free[client] ?? 0) + 1 + upTo(20);
    const commits = began + 1 + upTo(100);
    const ends = commits + 1 + upTo(100);
    free[client] = ends;
    return { process: `client-${client}`, began, commits: commits + index / operations, ends };
  });
  const end = Math.max(...free);
  planned.push({ process: "closer", began: end + 1, commits: end + 2, ends: end + 3 });
  return planned.toSorted((a, b) => a.commits - b.commits);
}

function chooseCall(random: number): Call {
  if (random < 0.2) return "create";
  if (random < 0.55) return "update";
  if (random < 0.7) return "delete";
  return random < 0.9 ? "get" : "list";
}

interface Applied {
  readonly fields?: Record<string, unknown>;
  readonly refusal?: string;
  readonly event?: { readonly event: EventType; readonly object: SeenObject };
}

class Store {
  revision = 100;
  readonly #objects = new Map<string, SeenObject>();
  readonly #earlier = new Map<string, SeenObject[]>();

  /** Mostly none or the current version, now and then an old one. */
  somePrecondition(key: string, upTo: (limit: number) => number): Precondition {
    const current = this.#objects.get(key);
    const choice = upTo(10);
    if (current === undefined || choice < 3) return {};
    const old = this.#earlier.get(key) ?? [];
    const { uid, revision } = choice < 8 ? current : (old[upTo(old.length)] ?? current);
    return choice % 2 === 0 ? { revision } : { uid, revision };
  }

  apply(call: Call, key: string, value: string, precondition: Precondition): Applied {
    const current = this.#objects.get(key);
    switch (call) {
      case "get":
        return { fields: current === undefined ? {} : { object: current } };
      case "list":
        return { fields: { revision: this.revision, objects: [...this.#objects.values()] } };
      case "create":
        if (current !== undefined) return { refusal: "AlreadyExists" };
        return this.#put("ADDED", { key, uid: `uid-${this.revision + 1}`, value });
      default:
    }
    if (current === undefined) return { refusal: "NotFound" };
    const { uid = current.uid, revision = current.revision } = precondition;
    if (uid !== current.uid || revision !== current.revision) return { refusal: "Conflict" };
    if (call === "update") return this.#put("MODIFIED", { key, uid: current.uid, value });
    this.revision += 1;
    this.#objects.delete(key);
    const object = { ...current, revision: this.revision };
    return { fields: { uid: current.uid }, event: { event: "DELETED", object } };
  }

  #put(event: EventType, { key, uid, value }: { key: string; uid: string; value: string }): Applied {
    this.revision += 1;
    const object = { key, uid, revision: this.revision, value, label: value };
    this.#objects.set(key, object);
    this.#earlier.set(key, [...(this.#earlier.get(key) ?? []), object]);
    return { fields: { revision: this.revision, uid }, event: { event, object } };
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
