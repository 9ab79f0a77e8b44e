/** The text of `/metrics`, and that docs/metrics.md explains all of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { counted } from "../../../schema/internal/jobs.ts";
import { exposition } from "./exposition.ts";
import { noCounts } from "../../../schema/internal/tunnel-statistics.ts";
import { jobFamilies, ownFamilies, storeFamilies, tunnelFamilies, watchFamilies } from "./families.ts";

const families = [
  ...ownFamilies('1.0"\\\n', { database: true, watch_hub: false }),
  ...storeFamilies({
    revision: 1_500,
    compacted: 300,
    eventsBytes: 81_920,
    objectsBytes: 65_536,
    oldestEventAt: 1_790_000_000.5,
    meta: [
      { key: "compaction", value: '{"v":1,"deleted":200}', updatedAt: 1_790_000_100 },
      {
        key: "rewrap",
        value: '{"v":1,"key":"k2","step":"objects","seals":{"k1":35,"k2":40}}',
        updatedAt: 1_790_000_200,
      },
    ],
    work: [{ controller: "garbage-collector", rows: 7, failing: 1, overdue: 2.5 }],
  }),
  ...jobFamilies(counted(counted({}, "rewrap", true, 1_000), "rewrap", false, 2_500)),
  ...watchFamilies({ position: 1_499, reads: 12, watchers: { "secrets#0": 1_000, "secrets#1": 2 } }),
  ...tunnelFamilies([
    {
      clusterId: "c-one",
      sessions: { main: 0, steve: 2 },
      streams: 7,
      roundTrip: 0.025,
      buffered: { memory: 300, storage: 4_000, peak: 500 },
      total: { ...noCounts, requests: 9, opened: { steve: 3 }, errors: { dial: 4 } },
      reportedAt: 1_790_000_300_500,
    },
    { clusterId: "c-two", sessions: { steve: 1 }, streams: 0, total: noCounts, reportedAt: 0 },
  ]),
];

describe("metrics", () => {
  const text = exposition(families);

  it.each([
    'drover_build_info{version="1.0\\"\\\\\\n"} 1',
    'drover_metrics_source_up{source="watch_hub"} 0',
    "drover_event_log_events 1200",
    "drover_event_log_oldest_revision 301",
    "drover_event_log_oldest_timestamp_seconds 1790000000.5",
    "drover_event_log_last_deletion_events 200",
    'drover_sealed_values{key="k1",current="false"} 35',
    "drover_sealed_by_current_key 0",
    'drover_work_failing_rows{controller="garbage-collector"} 1',
    'drover_job_runs_total{job="rewrap"} 2',
    'drover_job_failures_total{job="rewrap"} 1',
    'drover_job_last_run_timestamp_seconds{job="rewrap"} 2.5',
    'drover_watchers{resource="secrets"} 1002',
    "drover_watch_hub_log_reads_total 12",
    'drover_tunnel_sessions{cluster="c-one",kind="steve"} 2',
    'drover_tunnel_streams{cluster="c-one"} 7',
    'drover_tunnel_round_trip_seconds{cluster="c-one"} 0.025',
    'drover_tunnel_buffered_bytes{cluster="c-one",where="memory"} 300',
    'drover_tunnel_buffered_bytes{cluster="c-one",where="storage"} 4000',
    'drover_tunnel_buffered_peak_bytes{cluster="c-one"} 500',
    'drover_tunnel_errors_total{cluster="c-one",kind="dial"} 4',
    'drover_tunnel_requests_total{cluster="c-two"} 0',
    'drover_tunnel_reported_timestamp_seconds{cluster="c-one"} 1790000300.5',
  ])("say %s", (line) => expect(text.split("\n")).toContain(line));

  it("name each family once, with its type and help before its samples", () => {
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type } of families)
      expect(text).toMatch(new RegExp(`^# HELP ${name} .+\n# TYPE ${name} ${type}\n${name}[ {]`, "m"));
  });

  it("leave out what nothing is known of", () => {
    const empty = { revision: 0, compacted: 0, eventsBytes: 0, objectsBytes: 0, oldestEventAt: null };
    const first = exposition(storeFamilies({ ...empty, meta: [], work: [] }));
    expect(first).toContain("drover_event_log_events 0\n");
    expect(first).not.toMatch(/last_deletion|sealed|oldest_timestamp|work/);
  });

  it("are all explained to who reads them", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");
    for (const { name } of families) expect(page).toContain(`\`${name}\``);
  });
});
