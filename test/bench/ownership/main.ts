/**
 * What managedFields cost a write, in CPU: updates planned (default, mutate, track, validate, encode) with owners and
 * without. `node test/bench/ownership/main.ts`
 */
import process from "node:process";
import type { KubeObject } from "../../../schema/object.ts";
import type { ResourceDefinition } from "../../../schema/resource.ts";
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import { settings } from "../../../schema/resources/management.cattle.io/settings.ts";
import { everythingRules } from "../../../schema/resources/policy-rule.ts";
import { planCreate, planUpdate } from "../../../schema/store/admission.ts";
import type { Admission } from "../../../schema/store/admission.ts";

const admission = {
  actor: { name: "system:bench", rules: everythingRules, server: true, manager: "bench" },
  reader: {
    get: async () => undefined,
    list: async () => ({ items: [], revision: 1 }),
    generation: async () => 0,
  },
  sealer: { seal: async (text: string) => text, open: async (text: string) => text },
  typeOf: () => undefined,
  now: () => new Date(),
} as unknown as Admission;

const rounds = 20_000;

/** Microseconds of CPU for one update, reading and parsing included. */
async function cpu<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  made: T,
  change: (object: T, round: number) => T,
  tracked: boolean,
): Promise<number> {
  const { after } = await planCreate(admission, definition, made, undefined, !tracked);
  if (after === undefined) throw new Error("nothing was made");
  let body = JSON.stringify({ ...after, metadata: { ...after.metadata, resourceVersion: "1" } });
  const run = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round++) {
      const current = JSON.parse(body) as T;
      // A client that has read the object: it sends managedFields back.
      const wanted = change(JSON.parse(body) as T, round);
      const planned = await planUpdate(admission, definition, current, wanted, undefined, !tracked);
      body = planned?.commit.body.replace('"metadata":{', '"metadata":{"resourceVersion":"1",') ?? body;
    }
  };
  await run(rounds / 4);
  const before = process.cpuUsage();
  await run(rounds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rounds;
}

async function compare<T extends KubeObject>(
  what: string,
  definition: ResourceDefinition<T>,
  made: T,
  change: (object: T, round: number) => T,
): Promise<void> {
  const without: number[] = [];
  const tracked: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    without.push(await cpu(definition, made, change, false));
    tracked.push(await cpu(definition, made, change, true));
  }
  const [a, b] = [Math.min(...without), Math.min(...tracked)];
  console.log(
    `${what}: ${a.toFixed(1)} µs without owners, ${b.toFixed(1)} µs with, +${(b - a).toFixed(1)} µs (${((b / a - 1) * 100).toFixed(0)} %)`,
  );
}

const data = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`key-${index}`, `value ${index}`]));
await compare(
  "update of a ConfigMap of 10 keys",
  configMaps,
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "one", namespace: "default", labels: { a: "b" } },
    data,
  },
  (object, round) => ({ ...object, data: { ...object.data, "key-3": `changed ${round}` } }),
);
await compare(
  "update of a Setting",
  settings,
  {
    apiVersion: "management.cattle.io/v3",
    kind: "Setting",
    metadata: { name: "ui-brand" },
    value: "a",
    default: "",
  },
  (object, round) => ({ ...object, value: `changed ${round}` }),
);
