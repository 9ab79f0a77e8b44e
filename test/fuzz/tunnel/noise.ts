/** Damages bytes: what a broken or hostile peer may make of a well-formed message. */
import type { Random } from "./random.ts";

/** Bytes that parsers trip over. */
const odd = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x2c, 0x3a, 0x3b, 0x7f, 0x80, 0xfe, 0xff];

/** One to four damages; `words` may be put in. */
export function damaged(random: Random, bytes: Uint8Array, words: readonly Uint8Array[] = []): Uint8Array {
  let result = bytes;
  for (let round = 1 + random.int(4); round > 0; round--) result = damageOnce(random, result, words);
  return result;
}

function damageOnce(random: Random, bytes: Uint8Array, words: readonly Uint8Array[]): Uint8Array {
  const at = random.int(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.int(16));
  switch (random.int(words.length > 0 ? 8 : 7)) {
    case 0:
      return changed(bytes, at, (byte) => byte ^ (1 << random.int(8)));
    case 1:
      return changed(bytes, at, () => random.pick(odd));
    case 2:
      return joined(bytes.subarray(0, at), Uint8Array.of(random.pick(odd)), bytes.subarray(at));
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 4:
      return bytes.slice(0, at);
    case 5:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 6:
      return joined(bytes.subarray(0, at), random.bytes(1 + random.int(8)), bytes.subarray(at));
    default:
      return joined(bytes.subarray(0, at), random.pick(words), bytes.subarray(at));
  }
}

function changed(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  const byte = copy[at];
  if (byte !== undefined) copy[at] = change(byte);
  return copy;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The same bytes in pieces, as a network may deliver them. */
export function pieces(random: Random, bytes: Uint8Array): Uint8Array[] {
  const most = random.pick([1, 3, 64, 4_096]);
  const result: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.int(most);
    result.push(bytes.slice(at, end));
    at = end;
  }
  return result;
}
