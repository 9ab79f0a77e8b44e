/** Builds pbkdf2.wasm from the AssemblyScript beside it: `npm run build:wasm`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

const here = import.meta.dirname;

/**
 * Compiles the module to a file; the same source and compiler version give the same bytes everywhere.
 * Level 1, not 3: Binaryen's level 3 moves expressions to where they are used, which lengthens the lives of the
 * lanes and makes V8 spill more (measured per 210,000 iterations: 126 ms against 139 ms).
 * The compiler is run as a program: its types declare globals of their own (`console`) over ours.
 */
export function build(outFile: string): void {
  const compiler = join(here, "../../../node_modules/assemblyscript/bin/asc.js");
  const options = ["--optimizeLevel", "1", "--noAssert", "--runtime", "stub"];
  const memory = ["--initialMemory", "1", "--maximumMemory", "1"];
  const files = ["index.ts", "--baseDir", join(here, "assembly"), "--outFile", outFile];
  const run = spawnSync(process.execPath, [compiler, ...files, ...options, ...memory], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`asc failed: ${run.stderr}`);
}

if (import.meta.main) build(join(here, "pbkdf2.wasm"));
