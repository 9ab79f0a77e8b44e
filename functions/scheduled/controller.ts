/** What a controller is (design 7): pure key functions over changes, and an ordered list of named steps. */
import type { ClusterIdentity } from "../../schema/internal/cluster-identity.ts";
import type { KubeObject } from "../../schema/object.ts";
import type { Registry } from "../../schema/custom/registry.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { WorkRow } from "../../schema/store/types.ts";
import type { Env } from "../env.ts";

export interface Watch {
  /** `typeKey()` of the watched type; `*`: every type, whoever declared it. */
  readonly type: string;
  /** Keys of this controller that a change concerns. Pure: it runs inside every write of the type. */
  readonly keys: (
    before: KubeObject | undefined,
    after: KubeObject | undefined,
  ) => readonly (string | ConditionalKey)[];
  /** When those keys are due, epoch milliseconds; absent: at once. Pure. */
  readonly dueAt?: (after: KubeObject | undefined, now: Date) => number;
}

/** Concerned only where some object is found by an index: the commit looks, and most changes cost nothing then. */
export interface ConditionalKey {
  readonly key: string;
  readonly when: NonNullable<WorkRow["when"]>;
}

/** Waiting is not an error: `requeue` says when to look again, `failed` backs off per key and is logged. */
export type StepResult =
  | { readonly next: "continue" }
  | { readonly next: "stop" }
  | { readonly next: "requeue"; readonly afterMs: number; readonly reason: string }
  | { readonly next: "failed"; readonly reason: string };

export const proceed: StepResult = { next: "continue" };
export const stop: StepResult = { next: "stop" };

export interface ReconcileContext {
  readonly env: Env;
  /** Acts as `system:controller:<name>`; its writes carry the work lease as a precondition. */
  readonly store: BoundStore;
  /** All types as they are when the run begins, users' own among them. */
  readonly types: Registry;
  readonly now: () => Date;
  /** A request to the cluster's kube-apiserver through its tunnel, as the agent's own service account. */
  readonly downstream: (clusterId: string, path: string, init?: DownstreamInit) => Promise<Response>;
  /** Work that no change of an object calls for. The run goes on to it by itself where it is due. */
  readonly enqueue: (rows: readonly WorkRow[]) => Promise<void>;
}

/** To a cluster of which no agent is connected here. */
export interface ThroughPeers {
  /** Those that have it. */
  readonly peers: readonly string[];
  /** One of them has a steve session. */
  readonly steve: boolean;
  /** What it must show, if it is known. */
  readonly clusterIdentity: ClusterIdentity | undefined;
}

export interface DownstreamInit {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly through?: ThroughPeers | undefined;
}

/** Level-triggered and idempotent: reads what is, converges, may be run again after any crash. */
export interface Step {
  readonly name: string;
  readonly run: (context: ReconcileContext, key: string) => Promise<StepResult>;
}

export interface Controller {
  readonly name: string;
  readonly watches: readonly Watch[];
  readonly steps: readonly Step[];
}
