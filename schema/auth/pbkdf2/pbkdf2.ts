/**
 * Calls pbkdf2.wasm. Platform-free: the caller instantiates the module, because a Worker may only instantiate a
 * module it imported statically (`createHasher(new WebAssembly.Instance(pbkdf2Module))`) and Node must compile a file.
 */

/** What this file needs of a `WebAssembly.Instance`; Node's types do not declare that class. */
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** SHA-3 hashes that the platform lacks. Synchronous; calls do not share state. */
export interface Hasher {
  /**
   * PBKDF2-HMAC-SHA3-512, about 0.6 µs an iteration. Throws a RangeError for a password over 1024 bytes, a salt
   * that is empty or over 1024 bytes, iterations outside 1..2^31-1 or a key length outside 1..64 bytes.
   */
  pbkdf2(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    keyLength: number,
  ): Uint8Array<ArrayBuffer>;
  /** The 64-byte SHA3-512 digest. Throws a RangeError for more than 4096 bytes. */
  sha3_512(data: Uint8Array): Uint8Array<ArrayBuffer>;
}

/** Longest password the hasher takes, in bytes; longer ones cost an attacker little and us a hash. */
export const maxPasswordBytes = 1024;
const maxSaltBytes = 1024;
const digestBytes = 64;

/** Wraps an instance of pbkdf2.wasm. Throws a TypeError if the instance is of another module. */
export function createHasher(instance: WasmInstance): Hasher {
  const memory = bytesOf(instance);
  const input = numberOf(instance, "input");
  const output = numberOf(instance, "output");
  const capacity = numberOf(instance, "capacity");
  const runSha3 = functionOf(instance, "sha3_512");
  const runPbkdf2 = functionOf(instance, "pbkdf2");
  const wipe = functionOf(instance, "wipe");

  /** Copies the parts in, runs, copies the result out, and leaves no secret in the module's memory. */
  function run(parts: readonly Uint8Array[], call: () => void, length: number): Uint8Array<ArrayBuffer> {
    try {
      let offset = input;
      for (const part of parts) {
        memory.set(part, offset);
        offset += part.length;
      }
      call();
      return memory.slice(output, output + length);
    } finally {
      wipe();
    }
  }

  return {
    pbkdf2(password, salt, iterations, keyLength) {
      requireRange("password length", password.length, 0, maxPasswordBytes);
      requireRange("salt length", salt.length, 1, maxSaltBytes);
      requireRange("iterations", iterations, 1, 0x7fffffff);
      requireRange("key length", keyLength, 1, digestBytes);
      return run([password, salt], () => runPbkdf2(password.length, salt.length, iterations), keyLength);
    },
    sha3_512(data) {
      requireRange("data length", data.length, 0, capacity);
      return run([data], () => runSha3(data.length), digestBytes);
    },
  };
}

function requireRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name} must be an integer from ${low} to ${high}`);
  }
}

function bytesOf(instance: WasmInstance): Uint8Array<ArrayBuffer> {
  const memory = instance.exports["memory"];
  if (typeof memory === "object" && memory !== null && "buffer" in memory) {
    // One view for good: the module's memory has a fixed size, so its buffer is never replaced.
    if (memory.buffer instanceof ArrayBuffer) return new Uint8Array(memory.buffer);
  }
  throw new TypeError("the module exports no memory");
}

function numberOf(instance: WasmInstance, name: string): number {
  const global = instance.exports[name];
  if (typeof global === "object" && global !== null && "value" in global) {
    if (typeof global.value === "number") return global.value;
  }
  throw new TypeError(`the module exports no number "${name}"`);
}

function functionOf(instance: WasmInstance, name: string): (...lengths: number[]) => void {
  const exported = instance.exports[name];
  if (typeof exported !== "function") throw new TypeError(`the module exports no function "${name}"`);
  return (...lengths) => void Reflect.apply(exported, undefined, lengths);
}
