/** Keeps slots busy: one that hangs holds its own slot and nothing else. Pure but for its timer. */

export interface Slots<Job> {
  readonly slots: number;
  /** Up to `free` more jobs; none: nothing is due just now. */
  readonly take: (free: number) => Promise<readonly Job[]>;
  /** Rejections are the job's own affair: they must be handled inside. */
  readonly run: (job: Job) => Promise<void>;
  /** How often `take` is asked again while jobs run and slots are free. */
  readonly lookEveryMs: number;
}

/** Resolves when `take` gives nothing and no job runs. Rejects with what `take` rejects, when the jobs have ended. */
export async function keepBusy<Job>({ slots, take, run, lookEveryMs }: Slots<Job>): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for (;;) {
      const jobs = await take(slots - running.size);
      for (const job of jobs) {
        const done = run(job).finally(() => running.delete(done));
        running.add(done);
      }
      if (running.size === 0) return;
      await firstOf(running, running.size < slots ? lookEveryMs : undefined);
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/** The end of any job, or the time to look again. */
async function firstOf(running: ReadonlySet<Promise<void>>, ms: number | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waits: Promise<void>[] = [...running];
  if (ms !== undefined) waits.push(new Promise((resolve) => (timer = setTimeout(resolve, ms))));
  await Promise.race(waits).finally(() => clearTimeout(timer));
}
