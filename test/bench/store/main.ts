/**
 * `npm run bench:store`: Drover's management store beside kube-apiserver on etcd and on kine with PostgreSQL, the same
 * client-go program against each, one after the other in one run. Ratios count; absolute figures are this machine's.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { buildClientGo } from "../../clientgo/clientgo.ts";
import { delayCommits, measureSync } from "./commit-delay.ts";
import { measure, rowsOf } from "./rows.ts";
import type { Figures, Row } from "./rows.ts";
import { renderTable } from "./table.ts";
import { descriptions, startTarget, targetNames } from "./targets.ts";
import type { TargetName } from "./targets.ts";

const HELP = `Usage: npm run bench:store -- [options]

  --only <servers>        of ${targetNames.join(", ")} (default: etcd,kine,drover)
  --rows <text>           only rows whose name contains it: create, update, get, event, list, "16 clients"
  --seconds <n>           each measurement of a rate or of a list (default: 4)
  --objects <n>           objects in the list (default: 10000)
  --commit-delay-ms <n>   lets every flush of PostgreSQL's log take so much longer; etcd is left as it is
  --help                  this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "etcd,kine,drover" },
      rows: { type: "string", default: "" },
      seconds: { type: "string", default: "4" },
      objects: { type: "string", default: "10000" },
      "commit-delay-ms": { type: "string", default: "0" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const names = values.only.split(",").map(targetName);
  const delay = Number(values["commit-delay-ms"]);
  const all = rowsOf({ seconds: Number(values.seconds), objects: Number(values.objects) });
  const rows = all.filter(({ title }) => title.includes(values.rows));
  const results = new Map<Row, Map<string, Figures>>(rows.map((row) => [row, new Map<string, Figures>()]));

  const binary = await buildClientGo((line) => console.error(line));
  const sync = measureSync();
  for (const name of names) {
    for (const [row, figures] of await measureTarget(binary, name, rows, delay)) {
      results.get(row)?.set(name, figures);
    }
  }
  for (const name of names) console.log(`${name}: ${descriptions[name]}`);
  console.log(`this disk makes 8 KB durable in ${sync.toFixed(2)} ms (median of fdatasync)`);
  if (delay > 0) {
    console.log(`PostgreSQL: every flush takes ${delay} ms longer (commit_delay); etcd: as it is`);
  }
  console.log("answers are uncompressed JSON; CPU is that of all server processes");
  console.log(
    "x <peer>: how often better than it, by rate or by p50; CPU x <peer>: how often as much for one answer",
  );
  console.log(
    "others: what else took of this machine's cores meanwhile; above a few percent the row is worth little\n",
  );
  console.log(renderTable([...results].map(([row, figures]) => ({ row, figures }))));
  const problems = [...results.values()].flatMap((each) => [...each.values()]).filter((each) => each.problem);
  if (problems.length > 0) process.exitCode = 1;
}

function targetName(text: string): TargetName {
  const found = targetNames.find((name) => name === text.trim());
  if (found === undefined)
    throw new Error(`--only: no server "${text}"; there are ${targetNames.join(", ")}`);
  return found;
}

/** Starts one server, measures, and stops it: two at once would share the cores. */
async function measureTarget(
  binary: string,
  name: TargetName,
  rows: readonly Row[],
  delay: number,
): Promise<Map<Row, Figures>> {
  const target = await startTarget(name);
  const results = new Map<Row, Figures>();
  try {
    if (delay > 0 && target.databaseUrl !== undefined) await delayCommits(target.databaseUrl, delay);
    for (const row of rows) {
      const figures = await measure(binary, target, row);
      results.set(row, figures);
      const rate = figures.rate === 0 ? "" : `${figures.rate.toFixed(0)}/s, `;
      console.error(
        `${name}: ${row.title}: ${rate}p50 ${figures.p50} ms, p99 ${figures.p99} ms${figures.problem ?? ""}`,
      );
    }
    return results;
  } finally {
    await target.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
