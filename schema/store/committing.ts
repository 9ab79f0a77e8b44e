/** The end of every write: the commit, what its failures mean, and when a write is judged again. */
import type { Types } from "../custom/types.ts";
import type { KubeObject } from "../object.ts";
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import type { Admission, Planned } from "./admission.ts";
import { AlongsideMoved, planAlongside } from "./alongside.ts";
import type { Actor } from "./authorize.ts";
import type { Lease, StoreDeps } from "./contract.ts";
import { StoreError, alreadyExists, conflict, isStoreError, notFound } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { ReadRow } from "./rows.ts";
import { keyText } from "./types.ts";
import type { CommitObject, CommitResult } from "./types.ts";

/** What the verbs of one actor share. */
export interface Session {
  readonly deps: StoreDeps & { readonly readRow: ReadRow };
  readonly types: Types;
  readonly reader: Reader;
  readonly actor: Actor;
  readonly lease: Lease | undefined;
  readonly admission: Admission;
}

/** A write under a lease that is no longer held: somebody else works on it. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Something that was judged by has moved meanwhile: judge again. */
class Stale extends Error {}

const races = new WeakSet<Error>();

function raced(error: StoreError): StoreError {
  races.add(error);
  return error;
}

/** Whether somebody else came between the reading and the commit: it may be tried again, unlike a precondition that fails. */
export function isRace(error: unknown): boolean {
  return error instanceof StoreError && races.has(error);
}

/** A write that was judged and did not happen; one whose outcome is unknown is none. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Stale || (isStoreError(error) && error.code !== "ServiceUnavailable");
}

/**
 * Of one write. kube-apiserver goes on for as long as the request lasts: whoever patches without a revision never sees a
 * conflict. Of n who change one object at once each round leaves n - 1, so there must be more than a few.
 */
const maxAttempts = 64;
/** Between attempts, at most; the first two follow at once. Some seconds altogether. */
const maxPauseMs = 100;

/** Throws `NotFound`. */
export async function currentObject<T extends KubeObject>(
  { reader }: Session,
  definition: ResourceDefinition<T>,
  namespace: string,
  name: string,
): Promise<T> {
  const current = await reader.get(definition, namespace, name);
  if (current === undefined) throw notFound(definition, name);
  return current;
}

/** Commits; answers with the first object as it is now, or as it was when it went. */
export async function commitPlanned<T extends KubeObject>(
  session: Session,
  main: Planned<T>,
  others: readonly Planned[],
  dryRun = false,
): Promise<T> {
  const asked: Planned[] = [main, ...others];
  const all = [...asked, ...(await bringAlong(session, asked))];
  refuseTwice(all);
  if (dryRun) return withoutCommit(session, main);
  const now = session.deps.now();
  const [result] = await session.deps.commit([
    {
      id: crypto.randomUUID(),
      objects: all.map(({ commit }) => withoutOwnNamespace(commit, all)),
      work: all.flatMap(({ definition, before, after }) =>
        session.deps.workOf(typeKey(definition), before, after, now),
      ),
      expectGenerations: Object.assign({}, ...all.map(({ expect }) => expect)) as Record<string, number>,
      raiseGenerations: [...new Set(all.flatMap(({ raise }) => raise))],
      ...(session.lease === undefined ? {} : { lease: session.lease }),
    },
  ]);
  session.deps.committed?.(
    all.map(({ definition, before, after, raise }) => ({ type: typeKey(definition), before, after, raise })),
  );
  if (result === undefined) throw new Error("the commit gave no result");
  if (!result.ok) throw failureOf(result, all, asked.length);
  all.forEach(({ commit }, index) => {
    const { type, namespace, name, uid, body, sealed, action } = commit;
    const revision = result.revisions[index];
    if (action !== "delete" && revision !== undefined)
      session.deps.knownRows?.remember(type, { namespace, name, uid, revision, body, sealed });
  });
  const object = main.after ?? main.last ?? main.before;
  if (object === undefined) throw new TypeError("nothing was committed");
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(result.revisions[0]) } };
}

async function bringAlong({ admission }: Session, asked: readonly Planned[]): Promise<Planned[]> {
  try {
    return await planAlongside(admission, asked);
  } catch (error) {
    throw error instanceof AlongsideMoved ? new Stale() : error;
  }
}

/** A namespace that comes with the same commit is not there before it. */
function withoutOwnNamespace(commit: CommitObject, all: readonly Planned[]): CommitObject {
  const isMade = ({ commit: other }: Planned): boolean =>
    other.type === "namespaces" && other.action === "create" && other.name === commit.namespace;
  if (commit.inNamespace !== true || !all.some(isMade)) return commit;
  const { inNamespace: _, ...rest } = commit;
  return rest;
}

/** What the answer to a commit would be. */
async function withoutCommit<T extends KubeObject>(
  { reader }: Session,
  { definition, before, after, last, commit }: Planned<T>,
): Promise<T> {
  const { namespace, name } = commit;
  if (before === undefined && (await reader.get(definition, namespace, name)) !== undefined)
    throw alreadyExists(definition, name);
  const object = after ?? last ?? before;
  if (object === undefined) throw new TypeError("nothing was planned");
  const { resourceVersion } = before?.metadata ?? {};
  return resourceVersion === undefined
    ? object
    : { ...object, metadata: { ...object.metadata, resourceVersion } };
}

/** A create. Who finds the name taken by what waits for its end is told so. */
export async function unlessGoing<R>(
  { reader }: Session,
  definition: ResourceDefinition,
  { namespace = "", name }: { readonly namespace?: string | undefined; readonly name: string },
  create: () => Promise<R>,
): Promise<R> {
  try {
    return await create();
  } catch (error) {
    if (!isStoreError(error, "AlreadyExists") || error.subject?.name !== name) throw error;
    const found = await reader.get(definition, namespace, name);
    if (found?.metadata.deletionTimestamp === undefined) throw error;
    throw new StoreError("AlreadyExists", `object is being deleted: ${error.message}`, {
      subject: error.subject,
    });
  }
}

/** Reads and judges again when what it was judged by has moved: a user's type, too, is then read anew. */
export async function again<R, T extends KubeObject = KubeObject>(
  { types }: Session,
  definition: ResourceDefinition<T>,
  attempt: (definition: ResourceDefinition<T>) => Promise<R>,
  retries: (error: unknown) => boolean,
): Promise<R> {
  let latest = definition;
  for (let count = 1; ; count++) {
    try {
      if (count > 1) latest = await types.renewed(latest);
      return await attempt(latest);
    } catch (error) {
      if (!(error instanceof Stale) && !retries(error)) throw error;
      if (count === maxAttempts)
        throw error instanceof Stale
          ? new StoreError("Conflict", "too many concurrent changes; please try again")
          : error;
      // By chance, so that those who met do not meet again.
      if (count > 1) await pause(Math.random() * Math.min(8 * count, maxPauseMs));
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The first `asked` of all are the caller's; what came along he did not name, so it is judged again. */
function failureOf(
  result: Extract<CommitResult, { ok: false }>,
  all: readonly Planned[],
  asked: number,
): Error {
  const planned = all[result.object ?? 0];
  if (planned === undefined) return new Error("the commit failed at no object of ours");
  if ((result.object ?? 0) >= asked) return new Stale();
  const { definition, commit } = planned;
  switch (result.reason) {
    case "exists":
      return alreadyExists(definition, commit.name);
    case "absent":
      return notFound(definition, commit.name);
    case "conflict":
      return raced(conflict(definition, commit.name));
    case "stale":
      return new Stale();
    case "lease":
      return new LeaseLost("the work lease was lost");
    case "overloaded":
      return new StoreError("ServiceUnavailable", "too many writes wait; please try again");
    case "refused":
      return new Error(`the database refused the commit: ${result.detail ?? "no reason given"}`);
    default:
      return result.reason satisfies never;
  }
}

/** Two changes of one object in one commit would be judged by the same state. */
function refuseTwice(all: readonly Planned[]): void {
  const keys = new Set(all.map(({ commit }) => keyText(commit)));
  if (keys.size !== all.length) throw new TypeError("one commit changes an object twice");
}
