/**
 * SPDY/3.1 frames, as far as a client needs them who opens streams with a few headers and never looks at those of the answer
 * (draft-mbelshe-httpbis-spdy-00, section 2.2). Headers are compressed by contract; a zlib stream may hold its bytes as they
 * are, so this writes stored blocks, and reads none. Pure.
 */
import { concat, uint } from "../tls/bytes.ts";

const control = 0x80;
const version = 3;
const type = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const finFlag = 1;
const headBytes = 8;
const maxData = 64 << 10;
/** Nothing that we read of a control frame is longer. */
const maxKept = 8;

const utf8 = new TextEncoder();

/** The first SYN_STREAM of a connection begins its zlib stream: deflate, 32 KiB window, no preset dictionary. */
const zlibHead = Uint8Array.of(0x78, 0x01);

/** Opens stream `id` (odd, rising). Names are lower case. `isFirst`: of this connection. */
export function encodeSynStream(
  id: number,
  headers: Readonly<Record<string, string>>,
  isFirst: boolean,
): Uint8Array {
  const entries = Object.entries(headers);
  const block = concat(
    uint(4, entries.length),
    ...entries.flat().flatMap((text) => [uint(4, utf8.encode(text).length), utf8.encode(text)]),
  );
  // Associated stream, priority, slot: none.
  const rest = concat(
    uint(4, id),
    new Uint8Array(6),
    ...(isFirst ? [zlibHead] : []),
    storedHead(block.length),
    block,
    storedHead(0),
  );
  return controlFrame(type.synStream, rest);
}

/**
 * A stored block of deflate, not the last one, but for its bytes: type and padding, length, its complement. An empty one ends
 * each header block: Go's reader hands out what came before it only then, or at an end that would break the stream.
 */
function storedHead(length: number): Uint8Array {
  const head = new Uint8Array(5);
  const view = new DataView(head.buffer);
  view.setUint16(1, length, true);
  view.setUint16(3, ~length & 0xffff, true);
  return head;
}

/** DATA frames of at most 64 KiB; `end`: nothing more follows on the stream. */
export function encodeData(id: number, bytes: Uint8Array, end = false): Uint8Array {
  const frames: Uint8Array[] = [];
  let start = 0;
  do {
    const part = bytes.subarray(start, start + maxData);
    start += part.length;
    const isLast = start >= bytes.length;
    const head = new Uint8Array(headBytes);
    new DataView(head.buffer).setUint32(0, id);
    new DataView(head.buffer).setUint32(4, part.length);
    head[4] = end && isLast ? finFlag : 0;
    frames.push(head, part);
  } while (start < bytes.length);
  return concat(...frames);
}

function controlFrame(frameType: number, payload: Uint8Array): Uint8Array {
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setUint16(0, (control << 8) | version);
  view.setUint16(2, frameType);
  view.setUint32(4, payload.length);
  return concat(head, payload);
}

export interface SpdyEvents {
  readonly onData: (id: number, bytes: Uint8Array) => void;
  /** The peer sends nothing more on the stream: it has ended it, or reset it. */
  readonly onEnd: (id: number) => void;
  /** The peer takes no more streams: what is under way is all there will be. */
  readonly onGoAway: () => void;
  /** A frame that must be answered. */
  readonly onPing: (answer: Uint8Array) => void;
  readonly onError: (problem: string) => void;
}

/** Push parser of what the peer sends. Data is passed on as it comes, not frame by frame. */
export class SpdyReader {
  readonly #events: SpdyEvents;
  #head = new Uint8Array(0);
  /** The frame whose payload is being read. */
  #frame: { readonly isControl: boolean; readonly id: number; readonly flags: number } | undefined;
  #left = 0;
  #kept = new Uint8Array(0);
  #over = false;

  constructor(events: SpdyEvents) {
    this.#events = events;
  }

  feed(bytes: Uint8Array): void {
    let rest = bytes;
    while (!this.#over) {
      if (this.#frame === undefined) {
        const missing = headBytes - this.#head.length;
        this.#head = concat(this.#head, rest.subarray(0, missing));
        rest = rest.subarray(missing);
        if (this.#head.length < headBytes) return;
        this.#begin();
      } else if (rest.length === 0 && this.#left > 0) return;
      if (this.#frame === undefined || this.#over) continue;
      const part = rest.subarray(0, this.#left);
      rest = rest.subarray(part.length);
      this.#left -= part.length;
      this.#take(this.#frame, part);
    }
  }

  #begin(): void {
    const view = new DataView(this.#head.buffer);
    const first = view.getUint32(0);
    const isControl = first >= 0x8000_0000;
    this.#left = view.getUint32(4) & 0xff_ffff;
    // Of a control frame it is the type.
    this.#frame = { isControl, id: isControl ? first & 0xffff : first, flags: view.getUint8(4) };
    this.#head = new Uint8Array(0);
    if (isControl && first >>> 16 !== ((control << 8) | version)) this.#fail("a frame of another version");
  }

  #take(frame: { isControl: boolean; id: number; flags: number }, part: Uint8Array): void {
    if (!frame.isControl) {
      if (part.length > 0) this.#events.onData(frame.id, part);
      if (this.#left > 0) return;
      this.#frame = undefined;
      if ((frame.flags & finFlag) !== 0) this.#events.onEnd(frame.id);
      return;
    }
    this.#kept = concat(this.#kept, part).slice(0, maxKept);
    if (this.#left > 0) return;
    const payload = this.#kept;
    this.#kept = new Uint8Array(0);
    this.#frame = undefined;
    if (frame.id === type.goAway) this.#events.onGoAway();
    if (frame.id === type.ping) this.#events.onPing(controlFrame(type.ping, payload.slice(0, 4)));
    const ends = frame.id === type.rstStream || (frame.id === type.synReply && (frame.flags & finFlag) !== 0);
    if (!ends) return;
    if (payload.length < 4) this.#fail("a frame that is too short");
    else this.#events.onEnd(new DataView(payload.buffer).getUint32(0) & 0x7fff_ffff);
  }

  #fail(problem: string): void {
    this.#over = true;
    this.#events.onError(problem);
  }
}
