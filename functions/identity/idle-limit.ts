/** How long a session may be idle, once its user's activity is recorded (auth.md 3.4). */
import type { Settings } from "../settings/settings.ts";

/** Milliseconds. A setting below 1, which only the environment can be, means: for ever. */
export async function idleLimitMs(settings: Settings): Promise<number> {
  const minutes = await settings.number("auth-user-session-idle-ttl-minutes", 960);
  return minutes >= 1 ? minutes * 60_000 : Number.POSITIVE_INFINITY;
}
