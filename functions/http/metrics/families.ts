/** From what was read to what is served; each is explained in docs/metrics.md. Pure. */
import type { JobTally } from "../../../schema/internal/jobs.ts";
import type { WatchStatistics } from "../../../schema/internal/rpc.ts";
import type { ByName, ClusterStatistics } from "../../../schema/internal/tunnel-statistics.ts";
import { fanoutType } from "../../../schema/internal/watch.ts";
import type { StoreStatistics } from "../../../schema/store/statistics.ts";
import { compactionRow } from "../../scheduled/event-retention.ts";
import { rewrapRow } from "../../scheduled/rewrap.ts";
import type { RewrapState } from "../../scheduled/rewrap.ts";
import type { Family, Sample } from "./exposition.ts";

/** The rows of `meta` that `storeFamilies` shows. */
export const metaKeys = [compactionRow, rewrapRow];

export function storeFamilies(store: StoreStatistics): readonly Family[] {
  const { revision, compacted, oldestEventAt, work } = store;
  const byController = (pick: (row: (typeof work)[number]) => number): Sample[] =>
    work.map((row) => [pick(row), { controller: row.controller }]);
  return [
    gauge("drover_store_revision", "Revision of the last write.", [[revision]]),
    gauge("drover_store_objects_bytes", "Size of the objects in the database.", [[store.objectsBytes]]),
    gauge("drover_event_log_bytes", "Size of the log of events in the database.", [[store.eventsBytes]]),
    // Revisions have no gaps, and each has one event.
    gauge("drover_event_log_events", "Events in the log.", [[revision - compacted]]),
    gauge("drover_event_log_oldest_revision", "A watch may begin after the revision before this one.", [
      [compacted + 1],
    ]),
    gauge(
      "drover_event_log_oldest_timestamp_seconds",
      "When the oldest event was written.",
      oldestEventAt === null ? [] : [[oldestEventAt]],
    ),
    ...compactionFamilies(store),
    ...rewrapFamilies(store),
    gauge("drover_work_rows", "Keys that a controller will look at, now or later.", byController(rowsOf)),
    gauge(
      "drover_work_failing_rows",
      "Of these, keys whose last run failed.",
      byController(({ failing }) => failing),
    ),
    gauge(
      "drover_work_overdue_seconds",
      "For how long the earliest of these has been due.",
      byController(({ overdue }) => overdue),
    ),
  ];
}

const rowsOf = ({ rows }: { readonly rows: number }): number => rows;

function compactionFamilies({ compacted, meta }: StoreStatistics): readonly Family[] {
  const row = meta.find(({ key }) => key === compactionRow);
  const last = row === undefined ? undefined : (JSON.parse(row.value) as { readonly deleted: number });
  return [
    counter("drover_event_log_deleted_events_total", "Events deleted since the first one.", [[compacted]]),
    gauge(
      "drover_event_log_last_deletion_timestamp_seconds",
      "When old events were last deleted.",
      row === undefined ? [] : [[row.updatedAt]],
    ),
    gauge(
      "drover_event_log_last_deletion_events",
      "How many were deleted then.",
      last === undefined ? [] : [[last.deleted]],
    ),
  ];
}

function rewrapFamilies({ meta }: StoreStatistics): readonly Family[] {
  const row = meta.find(({ key }) => key === rewrapRow);
  if (row === undefined) return [];
  const state = JSON.parse(row.value) as Partial<RewrapState>;
  const { key: current = "", seals = {}, step } = state;
  return [
    gauge(
      "drover_sealed_values",
      "Values sealed by each key when they were last counted.",
      Object.entries(seals).map(([key, count]) => [count, { key, current: String(key === current) }]),
    ),
    gauge("drover_sealed_values_counted_timestamp_seconds", "When they were.", [[row.updatedAt]]),
    gauge(
      "drover_sealed_by_current_key",
      "1: everything is sealed by the current key, and older ones may be removed.",
      [[step === "done" ? 1 : 0]],
    ),
  ];
}

export function jobFamilies(jobs: JobTally): readonly Family[] {
  const each = (pick: (runs: JobTally[string]) => number): Sample[] =>
    Object.entries(jobs).map(([job, runs]) => [pick(runs), { job }]);
  return [
    counter(
      "drover_job_runs_total",
      "Runs of scheduled work.",
      each(({ runs }) => runs),
    ),
    counter(
      "drover_job_failures_total",
      "Of these, runs that failed.",
      each(({ failures }) => failures),
    ),
    gauge(
      "drover_job_last_run_timestamp_seconds",
      "When the last run ended.",
      each(({ lastRunAt }) => lastRunAt / 1_000),
    ),
  ];
}

export function watchFamilies({ position, reads, watchers }: WatchStatistics): readonly Family[] {
  const ofType = new Map<string, number>();
  for (const [name, count] of Object.entries(watchers))
    ofType.set(fanoutType(name), (ofType.get(fanoutType(name)) ?? 0) + count);
  return [
    gauge(
      "drover_watchers",
      "Open watches, by type, as of some seconds ago.",
      [...ofType].map(([resource, count]) => [count, { resource }]),
    ),
    gauge("drover_watch_fanouts", "Objects that serve watches.", [[Object.keys(watchers).length]]),
    counter("drover_watch_hub_log_reads_total", "Reads of the log of events for all watches.", [[reads]]),
    gauge(
      "drover_watch_hub_revision",
      "Revision up to which the log was read; it stands while nobody watches.",
      [[position]],
    ),
  ];
}

export function tunnelFamilies(clusters: readonly ClusterStatistics[]): readonly Family[] {
  const each = (pick: (of: ClusterStatistics) => number | undefined): Sample[] =>
    clusters.flatMap((of) => {
      const value = pick(of);
      return value === undefined ? [] : [[value, { cluster: of.clusterId }] as const];
    });
  const byKind = (pick: (of: ClusterStatistics) => ByName): Sample[] =>
    clusters.flatMap((of) =>
      Object.entries(pick(of)).map(([kind, value]) => [value, { cluster: of.clusterId, kind }] as const),
    );
  return [
    gauge(
      "drover_tunnel_sessions",
      "Open sessions of agents.",
      byKind(({ sessions }) => sessions),
    ),
    gauge(
      "drover_tunnel_streams",
      "Open streams in them.",
      each(({ streams }) => streams),
    ),
    gauge(
      "drover_tunnel_round_trip_seconds",
      "To the agent and back, when it was last measured.",
      each(({ roundTrip }) => roundTrip),
    ),
    gauge(
      "drover_tunnel_buffered_bytes",
      "Bytes that wait in streams.",
      clusters.flatMap(({ clusterId: cluster, buffered }) =>
        buffered === undefined
          ? []
          : [
              [buffered.memory, { cluster, where: "memory" }] as const,
              [buffered.storage, { cluster, where: "storage" }] as const,
            ],
      ),
    ),
    gauge(
      "drover_tunnel_buffered_peak_bytes",
      "The most of them that were in memory.",
      each(({ buffered }) => buffered?.peak),
    ),
    gauge(
      "drover_tunnel_reported_timestamp_seconds",
      "When the tunnel last had something to report.",
      each(({ reportedAt }) => reportedAt / 1_000),
    ),
    counter(
      "drover_tunnel_sessions_opened_total",
      "Sessions that agents have opened.",
      byKind(({ total }) => total.opened),
    ),
    counter(
      "drover_tunnel_requests_total",
      "Requests for the cluster.",
      each(({ total }) => total.requests),
    ),
    counter(
      "drover_tunnel_dials_total",
      "Streams opened for them.",
      each(({ total }) => total.dials),
    ),
    counter(
      "drover_tunnel_received_bytes_total",
      "Bytes of the agents' messages.",
      each(({ total }) => total.receivedBytes),
    ),
    counter(
      "drover_tunnel_sent_bytes_total",
      "Bytes of the messages to them.",
      each(({ total }) => total.sentBytes),
    ),
    counter(
      "drover_tunnel_errors_total",
      "What went wrong.",
      byKind(({ total }) => total.errors),
    ),
  ];
}

/** `parts`: whether each could be asked. */
export function ownFamilies(version: string, parts: Readonly<Record<string, boolean>>): readonly Family[] {
  return [
    gauge("drover_build_info", "Always 1.", [[1, { version }]]),
    gauge(
      "drover_metrics_source_up",
      "0: this part could not be asked, and its metrics are missing.",
      Object.entries(parts).map(([source, up]) => [up ? 1 : 0, { source }]),
    ),
  ];
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "counter", samples };
}
