/** RFC 6455 frames as bytes: what the tunnel's agent leg carries for an upgraded stream. Pure. */
import { ByteBuffer } from "../byte-buffer.ts";

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const empty = new Uint8Array(0);

/** One final frame. With a mask (4 bytes) it is a client's, without a server's. */
export function encodeFrame(code: number, payload: Uint8Array = empty, mask?: Uint8Array): Uint8Array {
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 0x1_0000 ? 2 : 8;
  const start = 2 + lengthBytes + (mask === undefined ? 0 : 4);
  const frame = new Uint8Array(start + payload.length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | code;
  const maskBit = mask === undefined ? 0 : 0x80;
  if (lengthBytes === 0) frame[1] = maskBit | payload.length;
  else if (lengthBytes === 2) {
    frame[1] = maskBit | 126;
    view.setUint16(2, payload.length);
  } else {
    frame[1] = maskBit | 127;
    view.setBigUint64(2, BigInt(payload.length));
  }
  frame.set(payload, start);
  if (mask !== undefined) {
    frame.set(mask, start - 4);
    applyMask(frame.subarray(start), mask);
  }
  return frame;
}

function applyMask(bytes: Uint8Array, mask: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  let index = 0;
  for (; index + 3 < bytes.length; index += 4) {
    bytes[index] = (bytes[index] ?? 0) ^ a;
    bytes[index + 1] = (bytes[index + 1] ?? 0) ^ b;
    bytes[index + 2] = (bytes[index + 2] ?? 0) ^ c;
    bytes[index + 3] = (bytes[index + 3] ?? 0) ^ d;
  }
  for (; index < bytes.length; index++) bytes[index] = (bytes[index] ?? 0) ^ (mask[index & 3] ?? 0);
}

/** Status code (absent = 1005, none given) and reason of a close frame; `undefined` when malformed. */
export function decodeClose(payload: Uint8Array): { code: number; reason: string } | undefined {
  if (payload.length === 0) return { code: 1005, reason: "" };
  if (payload.length === 1) return undefined;
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  if (!isValidCloseCode(code)) return undefined;
  try {
    return {
      code,
      reason: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload.subarray(2)),
    };
  } catch {
    return undefined;
  }
}

/** Codes that may stand in a close frame (RFC 6455 section 7.4). */
export function isValidCloseCode(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

export function encodeClosePayload(code: number, reason: string): Uint8Array {
  if (!isValidCloseCode(code)) return empty;
  // `encodeInto` stops before a character that does not fit: half of one would break the frame.
  const payload = new Uint8Array(2 + 123);
  new DataView(payload.buffer).setUint16(0, code);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}

export interface Frame {
  readonly final: boolean;
  readonly code: number;
  /** Unmasked. May be a view of the fed bytes. */
  readonly payload: Uint8Array;
}

/** Push parser of frames. `masked`: frames must be masked (we are the server) or must not be (we are the client). */
export class FrameDecoder {
  readonly #masked: boolean;
  readonly #maxPayload: number;
  readonly #onFrame: (frame: Frame) => void;
  /** An unfinished frame. */
  readonly #held = new ByteBuffer();
  /** Bytes from the frame's start without which nothing more can be read. */
  #needed = 0;

  constructor(options: { masked: boolean; maxPayload: number; onFrame: (frame: Frame) => void }) {
    this.#masked = options.masked;
    this.#maxPayload = options.maxPayload;
    this.#onFrame = options.onFrame;
  }

  /** A string says what is malformed: the connection must be failed with 1002 (or 1009 for "too large"). */
  feed(bytes: Uint8Array): string | undefined {
    let rest = bytes;
    if (this.#held.length > 0) {
      this.#held.append(bytes);
      if (this.#held.length < this.#needed) return undefined;
      rest = this.#held.take();
    }
    for (;;) {
      const used = this.#take(rest);
      if (typeof used === "string") return used;
      if (used === 0) break;
      rest = rest.subarray(used);
    }
    // A copy: the rest is a view of a message that the caller may want to free.
    if (rest.length > 0) this.#held.append(rest);
    return undefined;
  }

  #wait(needed: number): 0 {
    this.#needed = needed;
    return 0;
  }

  /** Bytes of the first whole frame, 0 while it is incomplete. */
  #take(bytes: Uint8Array): number | string {
    if (bytes.length < 2) return this.#wait(2);
    const first = bytes[0] ?? 0;
    const second = bytes[1] ?? 0;
    const code = first & 0x0f;
    const masked = (second & 0x80) !== 0;
    if ((first & 0x70) !== 0) return "reserved bits set";
    if (masked !== this.#masked)
      return masked ? "masked frame from a server" : "unmasked frame from a client";
    if (code > opcode.binary && (code < opcode.close || code > opcode.pong)) return "unknown opcode";
    let length = second & 0x7f;
    let start = 2;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (code >= opcode.close && (length > 125 || (first & 0x80) === 0)) return "invalid control frame";
    if (length === 126) {
      if (bytes.length < 4) return this.#wait(4);
      length = view.getUint16(2);
      start = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return this.#wait(10);
      const large = view.getBigUint64(2);
      if (large > BigInt(this.#maxPayload)) return "frame too large";
      length = Number(large);
      start = 10;
    }
    if (length > this.#maxPayload) return "frame too large";
    if (masked) start += 4;
    if (bytes.length < start + length) return this.#wait(start + length);
    let payload = bytes.subarray(start, start + length);
    if (masked) {
      // Not `slice`, which copies nothing where Node gives a Buffer.
      payload = new Uint8Array(payload);
      applyMask(payload, bytes.subarray(start - 4, start));
    }
    this.#onFrame({ final: (first & 0x80) !== 0, code, payload });
    return start + length;
  }
}
