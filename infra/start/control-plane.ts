/** What the launcher asks of the API's private side (functions/control-plane.ts). */
import type { Log } from "../log.ts";
import { UserError } from "../user-error.ts";
import { control } from "../workerd/control.ts";

export interface SeedInput {
  readonly bootstrapPassword: string;
  readonly mustChangePassword: boolean;
  readonly serverUrl: string;
  /** PEM of the private CA; empty behind a public one. */
  readonly cacerts: string;
  readonly features?: string;
}

const SEED_TIMEOUT_MS = 60_000;
/** A sweep that takes longer has lost its way; the next one starts afresh. */
const CRON_TIMEOUT_MS = 300_000;

/** Creates what a new installation needs; does nothing in an old one. Throws with the API's own words when it fails. */
export async function seed(
  controlSocket: string,
  input: SeedInput,
): Promise<{ readonly adminCreated: boolean }> {
  const answer = await control(controlSocket, "POST", "/seed", {
    body: input,
    timeoutMs: SEED_TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw new UserError(`seeding failed: ${error instanceof Error ? error.message : String(error)}`);
  });
  const result = parse(answer.body);
  if (answer.status !== 200) throw new UserError(`seeding failed: ${result.error ?? answer.body.trim()}`);
  return { adminCreated: result.adminCreated === true };
}

function parse(body: string): { adminCreated?: boolean; error?: string } {
  try {
    return JSON.parse(body) as { adminCreated?: boolean; error?: string };
  } catch {
    // workerd's own words, when the Worker threw.
    return {};
  }
}

/** A function that fires the cron trigger, which local workerd never does by itself. Never two at a time. */
export function cronTrigger(controlSocket: string, log: Log): () => void {
  let running = false;
  const fire = async () => {
    try {
      const answer = await control(controlSocket, "POST", "/cron", { timeoutMs: CRON_TIMEOUT_MS });
      if (answer.status !== 200) log("warn", "cron", `answered ${answer.status}: ${answer.body}`);
    } catch (error) {
      // workerd is being restarted, or everything is being stopped.
      log("debug", "cron", error instanceof Error ? error.message : String(error));
    }
  };
  return () => {
    if (running) return;
    running = true;
    void fire().finally(() => (running = false));
  };
}
