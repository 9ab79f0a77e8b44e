/**
 * The remotedialer message envelope (tunnel.md 1.2-1.4): `varint(messageId) varint(connId) varint(type)
 * [varint(deadlineMs)] payload`. Varints are Go's signed ones: zig-zag, then little-endian base 128. Pure.
 */

export const messageType = {
  data: 1,
  connect: 2,
  error: 3,
  addClient: 4,
  removeClient: 5,
  pause: 6,
  resume: 7,
  sync: 8,
} as const;

export interface Message {
  readonly type: number;
  readonly connId: number;
  /** A view into the received bytes: copy it to keep it. */
  readonly payload: Uint8Array;
}

/** `deadlineMs` = 15000, "no longer used" but applied by agents of 2019-2020 (tunnel.md 1.2). */
const deadline = Uint8Array.of(0xb0, 0xea, 0x01);
const maxVarintBytes = 10;
const maxHeaderBytes = 3 * maxVarintBytes;
const empty = new Uint8Array(0);
const encoder = new TextEncoder();

/** Nobody interprets message ids; a small counter per isolate keeps headers short. */
let lastMessageId = 0;

/** One message in one allocation and one copy of the payload. `messageId` is for tests that compare bytes. */
export function encodeMessage(
  type: number,
  connId: number,
  payload: Uint8Array = empty,
  messageId: number = nextMessageId(),
): Uint8Array {
  const hasDeadline = type === messageType.data || type === messageType.connect;
  const buffer = new Uint8Array(maxHeaderBytes + deadline.length + payload.length);
  let length = writeVarint(buffer, 0, messageId);
  length = writeVarint(buffer, length, connId);
  length = writeVarint(buffer, length, type);
  if (hasDeadline) {
    buffer.set(deadline, length);
    length += deadline.length;
  }
  buffer.set(payload, length);
  return buffer.subarray(0, length + payload.length);
}

export function encodeText(type: number, connId: number, text: string, messageId?: number): Uint8Array {
  return encodeMessage(type, connId, encoder.encode(text), messageId);
}

function nextMessageId(): number {
  lastMessageId = (lastMessageId + 1) % 0x3fff_ffff;
  return lastMessageId;
}

/** `undefined` for a varint that is cut short or longer than 64 bits, or a conn id beyond 2^53: fatal to the session. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const afterId = skipVarint(bytes, 0);
  if (afterId < 0) return undefined;
  const afterConn = skipVarint(bytes, afterId);
  if (afterConn < 0) return undefined;
  const connId = readVarint(bytes, afterId, afterConn);
  const afterType = skipVarint(bytes, afterConn);
  if (afterType < 0 || connId === undefined) return undefined;
  const type = readVarint(bytes, afterConn, afterType);
  if (type === undefined) return undefined;
  let start = afterType;
  if (type === messageType.data || type === messageType.connect) {
    start = skipVarint(bytes, afterType);
    if (start < 0) return undefined;
  }
  return { type, connId, payload: bytes.subarray(start) };
}

/** Zig-zag of a safe integer fits a double exactly: twice an integer below 2^53 has the same mantissa. */
function writeVarint(buffer: Uint8Array, offset: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let position = offset;
  while (rest >= 0x80) {
    buffer[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  buffer[position++] = rest;
  return position;
}

/** Position after the varint at `offset`, or -1. Message ids use all 64 bits, so they are skipped, never read. */
function skipVarint(bytes: Uint8Array, offset: number): number {
  const limit = Math.min(bytes.length, offset + maxVarintBytes);
  for (let position = offset; position < limit; position++) {
    const byte = bytes[position] ?? 0;
    if (byte < 0x80) return position - offset === maxVarintBytes - 1 && byte > 1 ? -1 : position + 1;
  }
  return -1;
}

/** The varint in `[start, end)`; `undefined` beyond ±(2^53 - 1). */
function readVarint(bytes: Uint8Array, start: number, end: number): number | undefined {
  let zigzag = 0;
  let scale = 1;
  for (let position = start; position < end; position++) {
    zigzag += ((bytes[position] ?? 0) & 0x7f) * scale;
    scale *= 0x80;
  }
  if (zigzag > 2 * Number.MAX_SAFE_INTEGER) return undefined;
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}

/** SYNC: little-endian uint64 conn ids, ascending (tunnel.md 1.9). */
export function encodeSync(connIds: readonly number[], messageId?: number): Uint8Array {
  const payload = new Uint8Array(connIds.length * 8);
  const view = new DataView(payload.buffer);
  const ascending = connIds.toSorted((a, b) => a - b);
  ascending.forEach((connId, index) => view.setBigUint64(index * 8, BigInt(connId), true));
  return encodeMessage(messageType.sync, 0, payload, messageId);
}

/** `undefined` when the length is not a multiple of 8. Ids beyond 2^53 cannot be ours; they come out rounded. */
export function decodeSync(payload: Uint8Array): number[] | undefined {
  if (payload.length % 8 !== 0) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: payload.length / 8 }, (_, index) => Number(view.getBigUint64(index * 8, true)));
}
