/** Many small jobs of one key, some at once. */
import { LeaseLost } from "../../schema/store/store.ts";

/** Beside 31 other keys: enough to fill a batch of the writer's. */
const atOnce = 16;

/** All are tried. Rejects with `LeaseLost`, else with the first failure, when all have ended. */
export async function inParallel<Job>(
  jobs: readonly Job[],
  run: (job: Job) => Promise<unknown>,
): Promise<void> {
  const failures: unknown[] = [];
  for (let start = 0; start < jobs.length; start += atOnce) {
    const settled = await Promise.allSettled(jobs.slice(start, start + atOnce).map(run));
    for (const one of settled) if (one.status === "rejected") failures.push(one.reason);
    const lost = failures.find((failure) => failure instanceof LeaseLost);
    if (lost !== undefined) throw lost;
  }
  if (failures.length > 0) throw failures[0];
}

/** A key has 40 s. What is not done by then goes on in a run of its own, so that a thousand objects need not fit. */
const budgetMs = 12_000;

/** Whether a run that began at `start` (epoch milliseconds) should leave the rest to the next. */
export function isSpent(start: number): boolean {
  return Date.now() - start > budgetMs;
}
