/**
 * Bundles the two Worker scripts for workerd, as wrangler bundles them for production: one ES module each, with WebAssembly
 * and text imports as modules of their own.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, join, relative } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { build } from "esbuild";
import type { WorkerModule } from "../workerd/config.ts";

/** The repository's root. */
export const ROOT = join(import.meta.dirname, "../..");

export interface BundleOptions {
  /** Entry file. */
  readonly entry: string;
  /** Directory for the output; the modules' paths are relative to `relativeTo`. */
  readonly outDir: string;
  /** Prefix of the output files: `api` gives `api.js`. */
  readonly name: string;
}

/** Built-ins with and without the prefix: some packages still write `require("buffer")`. */
const BUILTINS = new Set(builtinModules.filter((name) => !name.startsWith("_") && !name.startsWith("node:")));

/** Bundles one Worker. Returns its modules with absolute paths, the entry first. Throws when it does not compile. */
export async function bundleWorker(options: BundleOptions): Promise<WorkerModule[]> {
  mkdirSync(options.outDir, { recursive: true });
  const modules: WorkerModule[] = [];
  const outfile = join(options.outDir, `${options.name}.js`);
  const settings: BuildOptions = {
    entryPoints: [options.entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*", "workerd:*"],
    // Nothing is minified: stack traces in the log should be readable, and the bundle never travels.
    sourcemap: false,
    logLevel: "silent",
    loader: { ".txt": "text" },
    plugins: [nodeBuiltins, wasmModules(options, modules)],
  };
  await build(settings);
  return [{ name: basename(outfile), kind: "esModule", path: outfile }, ...modules];
}

const nodeBuiltins: Plugin = {
  name: "node-builtins",
  setup(context) {
    context.onResolve({ filter: /^[a-z_]+(\/[a-z]+)?$/ }, (found) =>
      BUILTINS.has(found.path) ? { path: `node:${found.path}`, external: true } : undefined,
    );
  },
};

/** workerd compiles WebAssembly only from modules of its configuration, never from bytes at run time. */
function wasmModules(options: BundleOptions, modules: WorkerModule[]): Plugin {
  return {
    name: "wasm-modules",
    setup(context) {
      context.onResolve({ filter: /\.wasm$/ }, (found) => {
        const source = join(found.resolveDir, found.path);
        const content = readFileSync(source);
        const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
        const name = `./${hash}-${basename(source)}`;
        if (!modules.some((module) => module.name === name)) {
          const path = join(options.outDir, `${options.name}-${hash}-${basename(source)}`);
          writeFileSync(path, content);
          modules.push({ name, kind: "wasm", path });
        }
        return { path: name, external: true };
      });
    },
  };
}

/** Modules with paths relative to the directory of the configuration file, as `embed` wants them. */
export function relativeModules(modules: readonly WorkerModule[], configDir: string): WorkerModule[] {
  return modules.map((module) => ({ ...module, path: relative(configDir, module.path) }));
}
