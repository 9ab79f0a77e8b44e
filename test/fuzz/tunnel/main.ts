/**
 * `npm run fuzz -- tunnel`: a million malformed frames and HTTP/1.1 messages through both ends of a tunnel. They run in a
 * worker thread, so that a target that hangs is noticed.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { object } from "./object.ts";
import { runTarget, targets as defaults } from "./run.ts";

const targets = [...defaults, object];

const HELP = `Usage: npm run fuzz -- tunnel [options]

  --messages <n>     how many, over all targets (default: 1000000)
  --seed <n>         repeats a run (default: random; printed)
  --target <name>    only this one: ${targets.map(({ name }) => name).join(", ")} (the
                     last starts a Drover, and runs only when it is named)
  --episode <n>      only this episode of the target: what a finding says
  --help             this text

A line a target. Ends with code 1 at the first finding: an exception, a hang of 60 s, memory that grows, or harm to what
runs beside it.
`;

/** An episode takes milliseconds; those on sockets, less than a second. */
const hangMs = 60_000;

interface Job {
  readonly seed: number;
  readonly messages: number;
  readonly target?: string;
  readonly episode?: number;
}

export async function fuzzTunnel(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: "string", default: "1000000" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      target: { type: "string" },
      episode: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { target, episode } = values;
  if (target !== undefined && !targets.some(({ name }) => name === target))
    throw new Error(`no target ${target}\n${HELP}`);
  const job: Job = {
    seed: Number(values.seed),
    messages: Number(values.messages),
    ...(target === undefined ? {} : { target }),
    ...(episode === undefined ? {} : { episode: Number(episode) }),
  };
  console.log(`seed ${job.seed}, ${job.messages} messages`);
  const worker = new Worker(new URL(import.meta.url), { workerData: { job } });
  const { promise, resolve } = Promise.withResolvers<number>();
  let at = "the start";
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      console.error(`FOUND: no progress for ${hangMs / 1_000} s in ${at}, seed ${job.seed}`);
      resolve(1);
    }, hangMs);
  };
  watch();
  worker.on("message", (where: string) => {
    at = where;
    watch();
  });
  worker.on("error", (error) => {
    console.error("FOUND:", error);
    resolve(1);
  });
  worker.on("exit", (code) => resolve(code));
  const code = await promise;
  clearTimeout(timer);
  await worker.terminate();
  return code;
}

async function work({ seed, messages, target, episode }: Job): Promise<void> {
  const chosen = target === undefined ? defaults : targets.filter(({ name }) => name === target);
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  let total = 0;
  for (const each of chosen) {
    const result = await runTarget(each, {
      seed,
      messages: (messages * each.share) / shares,
      ...(episode === undefined ? {} : { episode }),
      onEpisode: (name, number) => parentPort?.postMessage(`${name}, episode ${number}`),
    });
    total += result.messages;
    const rate = Math.round(result.messages / result.seconds);
    console.log(
      `ok    ${each.name}: ${result.messages} messages, ${result.seconds.toFixed(0)} s, ${rate}/s, heap ${(result.growthBytes / 1e6).toFixed(1)} MB`,
    );
  }
  console.log(`nothing found in ${total} messages`);
}

if (!isMainThread && typeof workerData === "object" && workerData !== null && "job" in workerData)
  await work(workerData.job as Job);
