/** How often scheduled work ran, by job: a controller's name, or one of the sweep's parts. Pure. */

export interface JobRuns {
  readonly runs: number;
  readonly failures: number;
  /** Epoch milliseconds. */
  readonly lastRunAt: number;
}

export type JobTally = Readonly<Record<string, JobRuns>>;

/** One more run. */
export function counted(tally: JobTally, job: string, failed: boolean, now: number): JobTally {
  return addTallies(tally, { [job]: { runs: 1, failures: failed ? 1 : 0, lastRunAt: now } });
}

/** Both together. */
export function addTallies(one: JobTally, other: JobTally): JobTally {
  const sum: Record<string, JobRuns> = { ...one };
  for (const [job, added] of Object.entries(other)) {
    const known = Object.hasOwn(sum, job) ? sum[job] : undefined;
    sum[job] = {
      runs: (known?.runs ?? 0) + added.runs,
      failures: (known?.failures ?? 0) + added.failures,
      lastRunAt: Math.max(known?.lastRunAt ?? 0, added.lastRunAt),
    };
  }
  return sum;
}
