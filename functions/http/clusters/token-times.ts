/** What the Secret of a registration token says (tunnel.md 2.11): its texts, and until when each counts. Pure. */
import { secretText } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";

export interface TokenText {
  readonly text: string;
  /** Epoch milliseconds; `Infinity`: it lasts. */
  readonly until: number;
}

/** The token and, in its grace time, the one before it: what counts at `now` (epoch milliseconds). */
export function countingTokens(secret: Pick<Secret, "data">, now: number): readonly TokenText[] {
  const current = secretText(secret, "token");
  const previous = secretText(secret, "previousToken");
  const tokens = [
    { text: current, until: timeOf(secret, "expiresAt") ?? Number.POSITIVE_INFINITY },
    // Without an end of its grace time it is none.
    { text: previous, until: timeOf(secret, "gracePeriodExpiresAt") ?? 0 },
  ];
  return tokens.filter(({ text, until }) => text !== "" && now < until);
}

/** A time in the Secret, epoch milliseconds; 0 for what is no time: such a token does not count. */
export function timeOf(
  secret: Pick<Secret, "data">,
  key: "expiresAt" | "gracePeriodExpiresAt",
): number | undefined {
  const text = secretText(secret, key);
  if (text === "") return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? 0 : time;
}
