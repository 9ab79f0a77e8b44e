/**
 * Who renews what many requests of an isolate remember. If it ended for all of them at one moment, each that comes then would
 * read it again, with a database connection of its own; so one of them renews it shortly before, and the others go on
 * with it meanwhile. Requests share no promise: what one waits for is that one's alone. Pure.
 */

/** Of the greatest age. */
const renewFrom = 0.7;
/** The one that renews may die with its client. */
const claimMs = 1_500;

export class Renewal {
  #claimedAt = -Infinity;

  /** Whether the caller is the one: what it uses is `age` old, and may be used up to `maxAge`. All in milliseconds. */
  claim(age: number, maxAge: number, now: number): boolean {
    if (age < maxAge * renewFrom || now - this.#claimedAt < claimMs) return false;
    this.#claimedAt = now;
    return true;
  }
}
