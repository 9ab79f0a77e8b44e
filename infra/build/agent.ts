/**
 * Bundles the cluster agent into one file, `dist/agent.mjs`, and the same text as `dist/agent.txt`, which the API Worker
 * imports to put it into the import manifest's ConfigMap. `npm run build:agent`.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { writeFileDurably } from "../files.ts";
import { UserError } from "../user-error.ts";
import { ROOT } from "./bundle.ts";

/** A ConfigMap holds 1 MiB, and the manifest's other keys need a little of it. */
const MAX_BYTES = 1_000_000;

/** Writes both files below `root`/dist and returns their size in bytes. Throws `UserError` when there is no agent or it is too large. */
export async function buildAgent(root = ROOT): Promise<number> {
  const entry = join(root, "agent/main.ts");
  if (!existsSync(entry)) throw new UserError(`${entry} is missing: the agent cannot be bundled`);
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    format: "esm",
    write: false,
    legalComments: "none",
    logLevel: "silent",
    // CommonJS packages inside an ES module call require() for Node's built-ins.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error("esbuild gave no output");
  if (output.contents.byteLength > MAX_BYTES) {
    throw new UserError(`the agent's bundle has ${output.contents.byteLength} bytes, more than ${MAX_BYTES}`);
  }
  mkdirSync(join(root, "dist"), { recursive: true });
  // Two starts from one checkout may do this at the same time, and neither may read half a file.
  for (const name of ["agent.mjs", "agent.txt"])
    writeFileDurably(join(root, "dist", name), output.text, 0o644);
  return output.contents.byteLength;
}

if (import.meta.main) {
  try {
    console.log(`dist/agent.mjs: ${await buildAgent()} bytes`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
