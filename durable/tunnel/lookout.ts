/**
 * Looks after a TLS connection that no agent carries, while a request waits on it or its answer is silent: TCP says nothing when the
 * other side has vanished, and no Worker can ask for its keepalive. The server is asked to change its keys (RFC 8446, 4.6.3): a
 * sign of life that is none of HTTP's.
 *
 * Servers that answer this late (nginx in front of another one: when it reads next) must not be taken for dead: silence counts
 * only once this server has been seen to answer during a request. And servers refuse many such records without data between
 * them, Go's the 17th, so the longer it is silent the more rarely it is asked.
 */

/** A TLS stream. */
export interface Watched {
  readonly open: boolean;
  /** Bytes that came, of whatever kind. */
  readonly heard: number;
  /** Its reader has stopped it: nothing can come. */
  readonly isHeld: boolean;
  /** How often the server has changed its keys. */
  readonly serverUpdates: number;
  /** Asks for a change of keys. False: it cannot be asked. */
  askForUpdate(): boolean;
  abort(text: string): void;
}

/** What is known of a server, by all of its connections. */
export interface Manners {
  /** It answers while a request is under way. */
  answers: boolean;
}

const firstMs = 10_000;
const longestMs = 300_000;
/** A server of which nothing is known yet is asked sooner, and has so long to answer: once is enough. */
const learnMs = 2_000;
const answerMs = 10_000;
/** Three quarters of an hour of silence; kube-apiserver ends a watch after 30 to 60 minutes. */
const maxAsked = 14;

export class Lookout {
  readonly #stream: Watched;
  readonly #manners: Manners;
  #timer: ReturnType<typeof setTimeout>;
  #heard: number;
  #quietMs = firstMs;
  #asked = 0;
  /** The server's changes of keys before the one that it was asked for. */
  #updatesBefore: number | undefined;

  constructor(stream: Watched, manners: Manners) {
    this.#stream = stream;
    this.#manners = manners;
    this.#heard = stream.heard;
    this.#timer = setTimeout(() => this.#look(), manners.answers ? firstMs : learnMs);
  }

  /** The request is over. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const stream = this.#stream;
    if (!stream.open) return;
    const quiet = stream.heard === this.#heard && !stream.isHeld;
    this.#heard = stream.heard;
    const before = this.#updatesBefore;
    this.#updatesBefore = undefined;
    if (before !== undefined && stream.serverUpdates > before) this.#manners.answers = true;
    if (!quiet) this.#lookIn(this.#manners.answers ? this.#quietMs : learnMs);
    else if (before === undefined) this.#ask();
    else if (this.#manners.answers)
      stream.abort(`the server gave no sign of life within ${answerMs / 1_000} s`);
    // Else nobody knows what its silence means.
  }

  #ask(): void {
    const before = this.#stream.serverUpdates;
    if (this.#asked === maxAsked || !this.#stream.askForUpdate()) return;
    this.#asked += 1;
    this.#updatesBefore = before;
    if (!this.#manners.answers) return this.#lookIn(learnMs);
    this.#quietMs = Math.min(this.#quietMs * 2, longestMs);
    this.#lookIn(answerMs);
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }
}
