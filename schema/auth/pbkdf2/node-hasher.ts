/** The hasher under Node, for tests and tools: compiles pbkdf2.wasm from its file, which no Worker may do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createHasher } from "./pbkdf2.ts";
import type { Hasher, WasmInstance } from "./pbkdf2.ts";

/** Node's `WebAssembly`, in part: @types/node declares none of it, the Worker's types no compilation. */
interface NodeWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => WasmInstance;
}

/** Instantiates the committed module in its own memory, for the raw exports. */
export function instantiatePbkdf2(): WasmInstance {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: NodeWebAssembly };
  const bytes = readFileSync(join(import.meta.dirname, "pbkdf2.wasm"));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes));
}

/** A hasher of its own module instance. */
export function createNodeHasher(): Hasher {
  return createHasher(instantiatePbkdf2());
}
