/** How long a session may be idle, once its user's activity is recorded (auth.md 3.4). */
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Settings } from "../settings/settings.ts";
import { isIdleJudged } from "./token-validity.ts";

/** Milliseconds. A setting below 1, which only the environment can be, means: for ever. */
export async function idleLimitMs(settings: Settings): Promise<number> {
  const minutes = await settings.number("auth-user-session-idle-ttl-minutes", 960);
  return minutes >= 1 ? minutes * 60_000 : Number.POSITIVE_INFINITY;
}

/** The same for one token: for ever where it is not judged by that, and then no setting is read. */
export async function idleLimitOf(token: Token, settings: Settings): Promise<number> {
  return isIdleJudged(token) ? idleLimitMs(settings) : Number.POSITIVE_INFINITY;
}
