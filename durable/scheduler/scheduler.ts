/** One alarm at the earliest due work (design 7), and the counts of what ran. The runner itself is the API Worker's. */
import { DurableObject } from "cloudflare:workers";
import { addTallies } from "../../schema/internal/jobs.ts";
import type { JobTally } from "../../schema/internal/jobs.ts";
import type { SchedulerRpc } from "../../schema/internal/rpc.ts";
import { createLogger } from "../../schema/logger.ts";
import type { DurableEnv } from "../env.ts";

/** When the runner itself fails: a database that is away must not be hammered. */
const retryMs = 5_000;
/** Runs at once: a slow cluster must not hold up the others. Rows are leased, so runs never share one. */
const maxRuns = 4;
/** Of the object's storage. */
const jobsKey = "jobs";

export class Scheduler extends DurableObject<DurableEnv> implements SchedulerRpc {
  #runs = 0;
  /** The earliest poke that no run has been started for. */
  #poked = Infinity;

  /** A run that the alarm began is begun again after a crash, so pokes meanwhile need no alarm of their own. */
  async poke(runAt: number): Promise<void> {
    if (this.#runs > 0 && runAt <= Date.now() && this.#runs < maxRuns) this.ctx.waitUntil(this.#run());
    else if (this.#runs > 0) this.#poked = Math.min(this.#poked, runAt);
    else await this.#wakeAt(runAt);
  }

  /** One row written, whatever it counts: the sweep calls once a minute. */
  async count(tally: JobTally): Promise<void> {
    if (Object.keys(tally).length === 0) return;
    await this.ctx.storage.put(jobsKey, addTallies(await this.counts(), tally));
  }

  async counts(): Promise<JobTally> {
    return (await this.ctx.storage.get<JobTally>(jobsKey)) ?? {};
  }

  override async alarm(): Promise<void> {
    await this.#run();
  }

  async #run(): Promise<void> {
    this.#runs++;
    let next: number;
    try {
      const { nextRunAt, jobs = {} } = await this.env.API.runWork();
      next = nextRunAt ?? Infinity;
      await this.count(jobs);
    } catch (error) {
      createLogger(this.env.DROVER_LOG_LEVEL).warn("the runner failed", { error });
      next = Date.now() + retryMs;
    } finally {
      this.#runs--;
    }
    const due = Math.min(next, this.#poked);
    this.#poked = Infinity;
    if (due !== Infinity) await this.#wakeAt(due);
  }

  async #wakeAt(time: number): Promise<void> {
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || time < alarm) await this.ctx.storage.setAlarm(time);
  }
}
