/**
 * The sweep's part that brings stored values up to date after a change of the sealing key or of a type's stored form
 * (schema/store/rewrap.ts). Not a controller: no change calls for it. It goes through the tables until a pass has found
 * nothing, and once more later: until then, an older Worker may still have been writing. From then on it reads one row.
 */
import type { Sql } from "postgres";
import { typeKey } from "../../schema/resource.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { registry } from "../../schema/resources/registry.ts";
import { sealPrefix } from "../../schema/seal/sealer.ts";
import type { Sealer } from "../../schema/seal/sealer.ts";
import { countSeals, rewrapEvents, rewrapObjects } from "../../schema/store/rewrap.ts";
import type { ObjectCursor, Rewrapping } from "../../schema/store/rewrap.ts";
import { storedForm } from "../../schema/store/stored-form.ts";
import type { Logger } from "../../schema/logger.ts";

/** Of `meta`; the launcher reads it to know whether a key may be missing (infra/start/keys-fingerprint.ts). */
export const rewrapRow = "rewrap";

/** Between the first pass that found nothing and the last one: longer than an isolate of an older version lives on. */
const settleMs = 15 * 60_000;

export interface RewrapState {
  readonly v: 1;
  /** The key that is to have sealed everything. */
  readonly key: string;
  /** Stored forms of the types that have another than 1. */
  readonly forms: Readonly<Record<string, number>>;
  /** Where the pass is; `settled` waits for the last pass, `done` has made it. */
  readonly step: "objects" | "events" | "settled" | "done";
  readonly objects?: ObjectCursor;
  readonly events?: number;
  /** Rows that this pass has rewritten, or could not. */
  readonly found: number;
  /** Epoch milliseconds. */
  readonly settledAt?: number;
  /** How many values each key had sealed when they were last counted, for `/metrics`. */
  readonly seals?: Readonly<Record<string, number>>;
}

export interface RewrapOptions {
  readonly log: Logger;
  readonly now: Date;
  /** Types that may have migrations. */
  readonly types?: readonly ResourceDefinition[];
  readonly window?: number;
  /** Windows of one call; what is left then, the next call does. */
  readonly maxWindows?: number;
}

/** A failure is logged and waits for the next minute. Never rejects: `false`. */
export async function rewrap(sql: Sql, sealer: Sealer, options: RewrapOptions): Promise<boolean> {
  try {
    await advance(sql, sealer, options);
    return true;
  } catch (error) {
    options.log.warn("cannot bring stored values up to date", { error });
    return false;
  }
}

async function advance(
  sql: Sql,
  sealer: Sealer,
  { log, now, types = registry.all(), window = 1_000, maxWindows = 50 }: RewrapOptions,
): Promise<void> {
  const migrated = types.filter((type) => storedForm(type) > 1);
  const forms = Object.fromEntries(migrated.map((type) => [typeKey(type), storedForm(type)]));
  const first: RewrapState = { v: 1, key: sealer.keyId, forms, step: "objects", found: 0 };
  const [row] = await sql<{ value: string }[]>`select value from meta where key = ${rewrapRow}`;
  const stored = parseState(row?.value);
  const begun = stored?.key === first.key && JSON.stringify(stored.forms) === JSON.stringify(forms);
  let state = begun ? stored : first;
  if (state.step === "done") return;
  if (state.step === "settled") {
    if (now.getTime() - (state.settledAt ?? 0) < settleMs) return;
    state = { ...first, ...(state.settledAt === undefined ? {} : { settledAt: state.settledAt }) };
  }
  const rewrapping: Rewrapping = { sql, sealer, migrated, window };
  let rewritten = 0;
  let problem: string | undefined;
  let ended = false;
  for (
    let count = 0;
    !ended && count < maxWindows && (state.step === "objects" || state.step === "events");
    count++
  ) {
    const done = await oneWindow(rewrapping, state);
    rewritten += done.rewritten;
    problem ??= done.problem;
    ({ state, ended } = done);
  }
  const seals = await countSeals(sql);
  if (ended) state = await endOfPass(rewrapping, state, first, { log, now, seals });
  state = { ...state, seals };
  if (rewritten > 0 || problem !== undefined)
    log.info("stored values were brought up to date", {
      rewritten,
      step: state.step,
      ...(problem === undefined ? {} : { problem }),
    });
  await sql`
    insert into meta (key, value) values (${rewrapRow}, ${JSON.stringify(state)})
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
}

interface Done {
  readonly state: RewrapState;
  readonly rewritten: number;
  readonly problem: string | undefined;
  /** Both tables have been gone through. */
  readonly ended: boolean;
}

async function oneWindow(rewrapping: Rewrapping, state: RewrapState): Promise<Done> {
  const after = (found: {
    readonly rewritten: number;
    readonly left: number;
    readonly problem?: string;
  }) => ({
    rewritten: found.rewritten,
    problem: found.problem,
    found: state.found + found.rewritten + found.left,
  });
  const { objects: _o, events: _e, ...rest } = state;
  if (state.step === "objects") {
    const window = await rewrapObjects(rewrapping, state.objects);
    const { found, ...done } = after(window);
    const next: RewrapState =
      window.next === undefined
        ? { ...rest, found, step: "events" }
        : { ...rest, found, objects: window.next };
    return { ...done, state: next, ended: false };
  }
  const window = await rewrapEvents(rewrapping, state.events);
  const { found, ...done } = after(window);
  const next: RewrapState = { ...rest, found, ...(window.next === undefined ? {} : { events: window.next }) };
  return { ...done, state: next, ended: window.next === undefined };
}

/** A pass that found something is followed by another; one that found nothing settles, or ends what had settled. */
async function endOfPass(
  { sql, sealer }: Rewrapping,
  state: RewrapState,
  first: RewrapState,
  { log, now, seals }: Pick<RewrapOptions, "log" | "now"> & Required<Pick<RewrapState, "seals">>,
): Promise<RewrapState> {
  const others = Object.entries(seals).filter(([key]) => key !== sealer.keyId);
  const remaining = others.reduce((sum, [, count]) => sum + count, 0);
  // The keys of service account tokens are sealed too, in a row of their own.
  const [elsewhere] = await sql<{ count: number }[]>`
    select count(*)::int as count from meta, regexp_matches(value, '"s1:[^:"]*:', 'g') as seal
    where seal[1] <> ${`"${sealPrefix(sealer.keyId)}`}`;
  const clean = state.found === 0 && remaining + (elsewhere?.count ?? 0) === 0;
  if (!clean) {
    log.info("values wait to be sealed anew", { key: sealer.keyId, remaining, seals });
    return { ...first, step: "objects" };
  }
  if (state.settledAt === undefined) return { ...first, step: "settled", settledAt: now.getTime() };
  log.info("everything is sealed by the current key: older ones may be removed", { key: sealer.keyId });
  return { ...first, step: "done" };
}

/** `undefined` for what another version wrote: the pass then begins anew. */
function parseState(text: string | undefined): RewrapState | undefined {
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as RewrapState;
  return state.v === 1 ? state : undefined;
}
