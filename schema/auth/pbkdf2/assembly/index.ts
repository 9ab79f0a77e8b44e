/**
 * SHA3-512 and PBKDF2-HMAC-SHA3-512 (FIPS 202, RFC 8018) in AssemblyScript, without runtime or heap. Workers have
 * SHA-3 neither in WebCrypto nor in node:crypto. Built to ../pbkdf2.wasm by ../build.ts; called by ../pbkdf2.ts,
 * which checks all lengths: nothing here does. No branch or address depends on a secret byte.
 */

const RATE: usize = 72; // bytes per block of SHA3-512, hence also the block size of its HMAC
const DIGEST: usize = 64;
/** Last lane of a block that carries a 64-byte message: domain bits 01, then pad10*1. */
const DIGEST_PADDING: u64 = 0x8000000000000006;

/** Bytes the caller may write at `input`. */
export const capacity: i32 = 4096;

/** All working memory is one block so that `wipe` clears it in one step. */
const MEMORY_SIZE = 8 + 4096 + 64 + 72 + 72 + 4 * 200;
const MEMORY = memory.data(MEMORY_SIZE, 16);
/** Where the caller writes. Four spare bytes follow for the block index of PBKDF2. */
export const input: usize = MEMORY;
/** Where the caller reads the 64 bytes of a result. */
export const output: usize = MEMORY + 8 + 4096;
const KEY: usize = output + 64;
const BLOCK: usize = KEY + 72;
const STATE: usize = BLOCK + 72;
const INNER: usize = STATE + 200;
const OUTER: usize = INNER + 200;
const ZERO: usize = OUTER + 200; // never written

const RC = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
  0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
  0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
  0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
]);

/**
 * to = Keccak-f[1600](from ^ block), the step every hash here is made of. `from` and `to` may be the same.
 *
 * Two rounds per pass, so that no lane is copied from the new state back to the old. Lanes 1, 2, 8, 12, 17 and 20 are
 * held complemented ("lane complementing" of the Keccak implementation overview): 5 NOTs a round in place of 25.
 * It must stay a function of its own: V8 replaces baseline code only on a call, so a permutation inlined
 * into the loop of `pbkdf2` would run the whole first hash in the slow tier.
 */
function absorb(from: usize, block: usize, to: usize): void {
  let a0: u64 = load<u64>(from) ^ load<u64>(block);
  let a1: u64 = ~(load<u64>(from, 8) ^ load<u64>(block, 8));
  let a2: u64 = ~(load<u64>(from, 16) ^ load<u64>(block, 16));
  let a3: u64 = load<u64>(from, 24) ^ load<u64>(block, 24);
  let a4: u64 = load<u64>(from, 32) ^ load<u64>(block, 32);
  let a5: u64 = load<u64>(from, 40) ^ load<u64>(block, 40);
  let a6: u64 = load<u64>(from, 48) ^ load<u64>(block, 48);
  let a7: u64 = load<u64>(from, 56) ^ load<u64>(block, 56);
  let a8: u64 = ~(load<u64>(from, 64) ^ load<u64>(block, 64));
  let a9: u64 = load<u64>(from, 72);
  let a10: u64 = load<u64>(from, 80);
  let a11: u64 = load<u64>(from, 88);
  let a12: u64 = ~load<u64>(from, 96);
  let a13: u64 = load<u64>(from, 104);
  let a14: u64 = load<u64>(from, 112);
  let a15: u64 = load<u64>(from, 120);
  let a16: u64 = load<u64>(from, 128);
  let a17: u64 = ~load<u64>(from, 136);
  let a18: u64 = load<u64>(from, 144);
  let a19: u64 = load<u64>(from, 152);
  let a20: u64 = ~load<u64>(from, 160);
  let a21: u64 = load<u64>(from, 168);
  let a22: u64 = load<u64>(from, 176);
  let a23: u64 = load<u64>(from, 184);
  let a24: u64 = load<u64>(from, 192);
  let e0: u64 = 0,
    e1: u64 = 0,
    e2: u64 = 0,
    e3: u64 = 0,
    e4: u64 = 0;
  let e5: u64 = 0,
    e6: u64 = 0,
    e7: u64 = 0,
    e8: u64 = 0,
    e9: u64 = 0;
  let e10: u64 = 0,
    e11: u64 = 0,
    e12: u64 = 0,
    e13: u64 = 0,
    e14: u64 = 0;
  let e15: u64 = 0,
    e16: u64 = 0,
    e17: u64 = 0,
    e18: u64 = 0,
    e19: u64 = 0;
  let e20: u64 = 0,
    e21: u64 = 0,
    e22: u64 = 0,
    e23: u64 = 0,
    e24: u64 = 0;
  let b0: u64 = 0,
    b1: u64 = 0,
    b2: u64 = 0,
    b3: u64 = 0,
    b4: u64 = 0;
  let c0: u64 = 0,
    c1: u64 = 0,
    c2: u64 = 0,
    c3: u64 = 0,
    c4: u64 = 0;
  let d0: u64 = 0,
    d1: u64 = 0,
    d2: u64 = 0,
    d3: u64 = 0,
    d4: u64 = 0;

  for (let r: usize = 0; r < 24 * 8; r += 2 * 8) {
    // Even round: a -> e.
    c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20;
    c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21;
    c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22;
    c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23;
    c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24;
    d0 = c4 ^ rotl(c1, 1);
    d1 = c0 ^ rotl(c2, 1);
    d2 = c1 ^ rotl(c3, 1);
    d3 = c2 ^ rotl(c4, 1);
    d4 = c3 ^ rotl(c0, 1);
    b0 = a0 ^ d0;
    b1 = rotl(a6 ^ d1, 44);
    b2 = rotl(a12 ^ d2, 43);
    b3 = rotl(a18 ^ d3, 21);
    b4 = rotl(a24 ^ d4, 14);
    e0 = b0 ^ (b1 | b2) ^ load<u64>(RC + r);
    e1 = b1 ^ (~b2 | b3);
    e2 = b2 ^ (b3 & b4);
    e3 = b3 ^ (b4 | b0);
    e4 = b4 ^ (b0 & b1);
    b0 = rotl(a3 ^ d3, 28);
    b1 = rotl(a9 ^ d4, 20);
    b2 = rotl(a10 ^ d0, 3);
    b3 = rotl(a16 ^ d1, 45);
    b4 = rotl(a22 ^ d2, 61);
    e5 = b0 ^ (b1 | b2);
    e6 = b1 ^ (b2 & b3);
    e7 = b2 ^ (b3 | ~b4);
    e8 = b3 ^ (b4 | b0);
    e9 = b4 ^ (b0 & b1);
    b0 = rotl(a1 ^ d1, 1);
    b1 = rotl(a7 ^ d2, 6);
    b2 = rotl(a13 ^ d3, 25);
    b3 = rotl(a19 ^ d4, 8);
    b4 = rotl(a20 ^ d0, 18);
    e10 = b0 ^ (b1 | b2);
    e11 = b1 ^ (b2 & b3);
    e12 = b2 ^ (~b3 & b4);
    e13 = ~b3 ^ (b4 | b0);
    e14 = b4 ^ (b0 & b1);
    b0 = rotl(a4 ^ d4, 27);
    b1 = rotl(a5 ^ d0, 36);
    b2 = rotl(a11 ^ d1, 10);
    b3 = rotl(a17 ^ d2, 15);
    b4 = rotl(a23 ^ d3, 56);
    e15 = b0 ^ (b1 & b2);
    e16 = b1 ^ (b2 | b3);
    e17 = b2 ^ (~b3 | b4);
    e18 = ~b3 ^ (b4 & b0);
    e19 = b4 ^ (b0 | b1);
    b0 = rotl(a2 ^ d2, 62);
    b1 = rotl(a8 ^ d3, 55);
    b2 = rotl(a14 ^ d4, 39);
    b3 = rotl(a15 ^ d0, 41);
    b4 = rotl(a21 ^ d1, 2);
    e20 = b0 ^ (~b1 & b2);
    e21 = ~b1 ^ (b2 | b3);
    e22 = b2 ^ (b3 & b4);
    e23 = b3 ^ (b4 | b0);
    e24 = b4 ^ (b0 & b1);

    // Odd round: e -> a.
    c0 = e0 ^ e5 ^ e10 ^ e15 ^ e20;
    c1 = e1 ^ e6 ^ e11 ^ e16 ^ e21;
    c2 = e2 ^ e7 ^ e12 ^ e17 ^ e22;
    c3 = e3 ^ e8 ^ e13 ^ e18 ^ e23;
    c4 = e4 ^ e9 ^ e14 ^ e19 ^ e24;
    d0 = c4 ^ rotl(c1, 1);
    d1 = c0 ^ rotl(c2, 1);
    d2 = c1 ^ rotl(c3, 1);
    d3 = c2 ^ rotl(c4, 1);
    d4 = c3 ^ rotl(c0, 1);
    b0 = e0 ^ d0;
    b1 = rotl(e6 ^ d1, 44);
    b2 = rotl(e12 ^ d2, 43);
    b3 = rotl(e18 ^ d3, 21);
    b4 = rotl(e24 ^ d4, 14);
    a0 = b0 ^ (b1 | b2) ^ load<u64>(RC + r, 8);
    a1 = b1 ^ (~b2 | b3);
    a2 = b2 ^ (b3 & b4);
    a3 = b3 ^ (b4 | b0);
    a4 = b4 ^ (b0 & b1);
    b0 = rotl(e3 ^ d3, 28);
    b1 = rotl(e9 ^ d4, 20);
    b2 = rotl(e10 ^ d0, 3);
    b3 = rotl(e16 ^ d1, 45);
    b4 = rotl(e22 ^ d2, 61);
    a5 = b0 ^ (b1 | b2);
    a6 = b1 ^ (b2 & b3);
    a7 = b2 ^ (b3 | ~b4);
    a8 = b3 ^ (b4 | b0);
    a9 = b4 ^ (b0 & b1);
    b0 = rotl(e1 ^ d1, 1);
    b1 = rotl(e7 ^ d2, 6);
    b2 = rotl(e13 ^ d3, 25);
    b3 = rotl(e19 ^ d4, 8);
    b4 = rotl(e20 ^ d0, 18);
    a10 = b0 ^ (b1 | b2);
    a11 = b1 ^ (b2 & b3);
    a12 = b2 ^ (~b3 & b4);
    a13 = ~b3 ^ (b4 | b0);
    a14 = b4 ^ (b0 & b1);
    b0 = rotl(e4 ^ d4, 27);
    b1 = rotl(e5 ^ d0, 36);
    b2 = rotl(e11 ^ d1, 10);
    b3 = rotl(e17 ^ d2, 15);
    b4 = rotl(e23 ^ d3, 56);
    a15 = b0 ^ (b1 & b2);
    a16 = b1 ^ (b2 | b3);
    a17 = b2 ^ (~b3 | b4);
    a18 = ~b3 ^ (b4 & b0);
    a19 = b4 ^ (b0 | b1);
    b0 = rotl(e2 ^ d2, 62);
    b1 = rotl(e8 ^ d3, 55);
    b2 = rotl(e14 ^ d4, 39);
    b3 = rotl(e15 ^ d0, 41);
    b4 = rotl(e21 ^ d1, 2);
    a20 = b0 ^ (~b1 & b2);
    a21 = ~b1 ^ (b2 | b3);
    a22 = b2 ^ (b3 & b4);
    a23 = b3 ^ (b4 | b0);
    a24 = b4 ^ (b0 & b1);
  }

  store<u64>(to, a0);
  store<u64>(to, ~a1, 8);
  store<u64>(to, ~a2, 16);
  store<u64>(to, a3, 24);
  store<u64>(to, a4, 32);
  store<u64>(to, a5, 40);
  store<u64>(to, a6, 48);
  store<u64>(to, a7, 56);
  store<u64>(to, ~a8, 64);
  store<u64>(to, a9, 72);
  store<u64>(to, a10, 80);
  store<u64>(to, a11, 88);
  store<u64>(to, ~a12, 96);
  store<u64>(to, a13, 104);
  store<u64>(to, a14, 112);
  store<u64>(to, a15, 120);
  store<u64>(to, a16, 128);
  store<u64>(to, ~a17, 136);
  store<u64>(to, a18, 144);
  store<u64>(to, a19, 152);
  store<u64>(to, ~a20, 160);
  store<u64>(to, a21, 168);
  store<u64>(to, a22, 176);
  store<u64>(to, a23, 184);
  store<u64>(to, a24, 192);
}

/** STATE = the sponge state after `from` absorbed the padded message; its first 64 bytes are the digest. */
function hash(from: usize, message: usize, length: usize): void {
  while (length >= RATE) {
    absorb(from, message, STATE);
    from = STATE;
    message += RATE;
    length -= RATE;
  }
  memory.fill(BLOCK, 0, RATE);
  memory.copy(BLOCK, message, length);
  store<u8>(BLOCK + length, 0x06);
  store<u8>(BLOCK + RATE - 1, load<u8>(BLOCK + RATE - 1) | 0x80);
  absorb(from, BLOCK, STATE);
}

/** STATE = the sponge state after `from` absorbed the digest that STATE begins with. */
function hashDigest(from: usize): void {
  store<u64>(STATE + DIGEST, DIGEST_PADDING);
  absorb(from, STATE, STATE);
}

/** to = the sponge state after one block of the HMAC key XOR a repeated byte. */
function absorbKey(pad: u64, to: usize): void {
  for (let i: usize = 0; i < RATE; i += 8) store<u64>(BLOCK + i, load<u64>(KEY + i) ^ pad);
  absorb(ZERO, BLOCK, to);
}

/** output = SHA3-512 of the first `length` bytes of input. */
export function sha3_512(length: usize): void {
  hash(ZERO, input, length);
  memory.copy(output, STATE, DIGEST);
}

/** output = the first block of PBKDF2. Input holds the password, directly followed by the salt. */
export function pbkdf2(passwordLength: usize, saltLength: usize, iterations: i32): void {
  memory.fill(KEY, 0, RATE);
  if (passwordLength > RATE) {
    hash(ZERO, input, passwordLength);
    memory.copy(KEY, STATE, DIGEST);
  } else {
    memory.copy(KEY, input, passwordLength);
  }
  absorbKey(0x3636363636363636, INNER);
  absorbKey(0x5c5c5c5c5c5c5c5c, OUTER);

  const salt = input + passwordLength;
  store<u32>(salt + saltLength, bswap<u32>(1));
  hash(INNER, salt, saltLength + 4);
  hashDigest(OUTER);
  memory.copy(output, STATE, DIGEST);
  for (let i = 1; i < iterations; i++) {
    hashDigest(INNER);
    hashDigest(OUTER);
    for (let j: usize = 0; j < DIGEST; j += 8) {
      store<u64>(output + j, load<u64>(output + j) ^ load<u64>(STATE + j));
    }
  }
}

/** Zeroes every byte a secret may have left in memory. */
export function wipe(): void {
  memory.fill(MEMORY, 0, MEMORY_SIZE);
}
