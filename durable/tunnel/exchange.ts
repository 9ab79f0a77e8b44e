/** One HTTP request and its response on a stream; bodies stream both ways with back pressure. */
import type { ByteStream, CloseReason } from "../../wire/byte-stream.ts";
import type { ResponseHead } from "../../wire/http1/head.ts";
import { encodeChunk, lastChunk } from "../../wire/http1/request.ts";
import { ResponseReader } from "../../wire/http1/response-reader.ts";
import type { Hope } from "./hope.ts";
import { tooMany } from "./peer-admission.ts";
import type { RequestBody } from "./request-body.ts";

export type Outcome =
  | {
      readonly kind: "response";
      readonly head: ResponseHead;
      /** Absent when it is not known beforehand. */
      readonly length: number | undefined;
      readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
    }
  | {
      readonly kind: "upgrade";
      readonly head: ResponseHead;
      readonly rest: Uint8Array;
      readonly conn: ByteStream;
    };

/** No answer, or not all of it. */
export class ExchangeFailed extends Error {
  /** The answer had begun. */
  readonly answered: boolean;
  /**
   * How the platform knows a lost connection by its error. Any other that ends an answer's body it logs as an uncaught exception; the
   * client sees the same of both.
   */
  readonly retryable = true;
  constructor(message: string, answered: boolean) {
    super(message);
    this.answered = answered;
  }

  /** A peer says that the cluster is asked too much. */
  get limited(): boolean {
    return !this.answered && this.message.startsWith(tooMany);
  }

  /** The agent did not reach its server, or a peer its agent: nobody has seen anything of the request (tunnel.md 1.12). */
  get neverDialled(): boolean {
    return !this.answered && /^(?:dial |failed to find Session )/.test(this.message);
  }
}

/** Up to this length a response is gathered and sent as one piece, with its length. */
const gatherBytes = 64 << 10;
const streamHighWater = 256 << 10;
/** What waits in bodies is not in the tunnel's budget, and in the same memory: the more bodies, the less for each. */
const sharedBytes = 8 << 20;
const minHighWater = 32 << 10;
/** Bodies of this isolate that are being read. */
let bodies = 0;

/** The request's body exceeds `maxBody`. */
export class BodyTooLarge extends Error {}

export interface ExchangeInput {
  readonly conn: ByteStream;
  readonly method: string;
  readonly head: Uint8Array;
  readonly body: RequestBody | null;
  readonly chunked: boolean;
  /** Bytes of the body; over it the outcome is `BodyTooLarge`. */
  readonly maxBody: number;
  /** The client is gone. */
  readonly signal: AbortSignal;
  /** Of whoever sent this, for an answer. */
  readonly hope: Hope;
  /** The stream is free for another request. Not called when it has been closed. */
  readonly onReusable: () => void;
  /** There will be no answer, or no more of it. At most once. */
  readonly onFailed: (problem: string) => void;
  /** It has come to its end, whichever. Once. */
  readonly onOver?: (() => void) | undefined;
}

export function exchange(input: ExchangeInput): Promise<Outcome> {
  return new Exchange(input).outcome;
}

class Exchange {
  readonly outcome: Promise<Outcome>;
  readonly #input: ExchangeInput;
  readonly #reader: ResponseReader;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #gathered: Uint8Array[] | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #head: ResponseHead | undefined;
  #length: number | undefined;
  #sending = false;
  #over = false;
  /** Wakes the sender that waits for room. */
  #wake: () => void = () => undefined;
  readonly #leave = (): void => this.#end("the client is gone");

  constructor(input: ExchangeInput) {
    this.#input = input;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#reader = new ResponseReader(input.method, {
      onHead: (head, length) => this.#onHead(head, length),
      onBody: (chunk) => this.#onBody(chunk),
      onEnd: (reusable) => this.#onEnd(reusable),
      onUpgrade: (head, rest) => this.#onUpgrade(head, rest),
      onError: (problem) => this.#end(problem),
    });
    const { conn, signal, head } = input;
    conn.onData = (chunk) => this.#reader.feed(chunk);
    conn.onClose = (reason) => this.#onClose(reason);
    conn.onDrain = () => this.#wake();
    if (signal.aborted) {
      this.#leave();
      return;
    }
    signal.addEventListener("abort", this.#leave);
    input.hope.onLost = () => {
      if (this.#head === undefined) this.#end("no sign of life from the agent");
    };
    conn.write(head);
    if (input.body !== null) void this.#send(input.body);
  }

  async #send(body: RequestBody): Promise<void> {
    this.#sending = true;
    const { conn, chunked, maxBody } = this.#input;
    let sent = 0;
    try {
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
        if (this.#over || !conn.open) {
          // Before an answer the rest may be for another agent.
          if (this.#head !== undefined) await body.cancel();
          return;
        }
        if (chunk.length === 0) continue;
        sent += chunk.length;
        if (sent > maxBody) {
          this.#end("the request body is too large", new BodyTooLarge());
          await body.cancel();
          return;
        }
        if (!conn.write(chunked ? encodeChunk(chunk) : chunk))
          await new Promise<void>((wake) => (this.#wake = wake));
      }
      if (this.#over) return;
      if (chunked) conn.write(lastChunk);
      this.#sending = false;
    } catch (error) {
      this.#end(`the request body ended early: ${String(error)}`);
    }
  }

  #onHead(head: ResponseHead, length: number | undefined): void {
    this.#head = head;
    this.#length = length;
    if (length === 0) return this.#resolve({ kind: "response", head, length, body: null });
    if (length !== undefined && length <= gatherBytes) {
      this.#gathered = [];
      return;
    }
    const { conn } = this.#input;
    bodies += 1;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => void (this.#isFull() || conn.resumeReading()),
        cancel: () => this.#leave(),
      },
      { highWaterMark: streamHighWater, size: (chunk) => chunk.byteLength },
    );
    this.#resolve({ kind: "response", head, length, body });
  }

  #onBody(chunk: Uint8Array): void {
    if (this.#gathered !== undefined) {
      this.#gathered.push(chunk);
      return;
    }
    const controller = this.#controller;
    if (controller === undefined || this.#over) return;
    controller.enqueue(chunk);
    if (this.#isFull()) this.#input.conn.pauseReading();
  }

  #isFull(): boolean {
    const waiting = streamHighWater - (this.#controller?.desiredSize ?? 0);
    return waiting >= Math.min(streamHighWater, Math.max(minHighWater, sharedBytes / bodies));
  }

  #onEnd(reusable: boolean): void {
    if (this.#over) return;
    const { conn, onReusable } = this.#input;
    // An answer before the request was complete: the rest of it would be read as the next one.
    const free = reusable && !this.#sending && conn.open;
    this.#finish();
    if (free) onReusable();
    else conn.close();
    if (this.#gathered !== undefined && this.#head !== undefined)
      this.#resolve({ kind: "response", head: this.#head, length: this.#length, body: join(this.#gathered) });
    this.#controller?.close();
  }

  #onUpgrade(head: ResponseHead, rest: Uint8Array): void {
    this.#finish();
    this.#resolve({ kind: "upgrade", head, rest, conn: this.#input.conn });
  }

  #onClose(reason: CloseReason): void {
    if (this.#over) return;
    // A body that lasts until the close has no other end; an error is one only after data.
    if (reason.kind === "eof") this.#reader.end();
    if (!this.#over) this.#end(reason.kind === "eof" ? "connection closed" : reason.text);
  }

  /** Fails what waits for this response, and closes the stream. */
  #end(problem: string, cause?: Error): void {
    if (this.#over) return;
    this.#finish();
    this.#input.conn.close();
    this.#input.onFailed(problem);
    const failure = new ExchangeFailed(problem, this.#reader.started);
    this.#reject(cause ?? failure);
    try {
      this.#controller?.error(failure);
    } catch {
      // The client has cancelled the stream itself.
    }
  }

  #finish(): void {
    this.#over = true;
    if (this.#controller !== undefined) bodies -= 1;
    this.#input.signal.removeEventListener("abort", this.#leave);
    this.#input.onOver?.();
    this.#wake();
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
