/** Puts workerd's configuration together and keeps workerd running. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildAgent } from "../build/agent.ts";
import { bundleWorker, relativeModules, ROOT } from "../build/bundle.ts";
import { writeFileDurably } from "../files.ts";
import type { WorkerModule } from "../workerd/config.ts";
import { workerdConfig } from "../workerd/config.ts";
import type { RunDir } from "./run-dir.ts";

/** What is run: the project's own code, unless a test brings something smaller. */
export interface Code {
  readonly apiEntry: string;
  readonly durableEntry: string;
  readonly migrationsDir: string;
  /** Whether to bundle the agent first, which the API Worker imports. */
  readonly agent: boolean;
  /** The durable Worker has an entrypoint `Evictor`, which gets a socket, and may use workerd's module `workerd:unsafe`. */
  readonly evictor?: true;
}

export const PROJECT_CODE: Code = {
  apiEntry: join(ROOT, "functions/worker.ts"),
  durableEntry: join(ROOT, "durable/worker.ts"),
  migrationsDir: join(ROOT, "schema/migrations"),
  agent: true,
};

export interface Bundles {
  readonly api: readonly WorkerModule[];
  readonly durable: readonly WorkerModule[];
}

/** Bundles both Workers into the run directory. Throws when one does not compile. */
export async function bundleWorkers(code: Code, runDir: RunDir): Promise<Bundles> {
  if (code.agent) await buildAgent();
  const outDir = runDir.path;
  const api = await bundleWorker({ entry: code.apiEntry, outDir, name: "api" });
  const durable = await bundleWorker({ entry: code.durableEntry, outDir, name: "durable" });
  return { api: relativeModules(api, outDir), durable: relativeModules(durable, outDir) };
}

export interface Bindings {
  readonly dataDir: string;
  readonly logLevel: string;
  readonly keys: string;
  readonly serverUrl: string;
  readonly cacerts: string;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Writes the configuration, which holds the key material, where only we can read it. */
export function writeWorkerdConfig(
  bundles: Bundles,
  bindings: Bindings,
  runDir: RunDir,
  { evictor }: Pick<Code, "evictor"> = {},
): void {
  const objectsDir = join(bindings.dataDir, "objects");
  mkdirSync(objectsDir, { recursive: true, mode: 0o700 });
  const logLevel = { DROVER_LOG_LEVEL: bindings.logLevel };
  const configuration = workerdConfig({
    ...bundles,
    objectsDir,
    httpSocket: runDir.httpSocket,
    controlSocket: runDir.controlSocket,
    relaySocket: runDir.relaySocket,
    databaseSocket: runDir.databaseSocket,
    ...(evictor === true ? { evictorSocket: runDir.evictorSocket } : {}),
    durableVariables: { ...logLevel, ...pick(bindings.environment, "DROVER_STEVE_ADDRESS") },
    apiVariables: {
      ...settings(bindings.environment),
      ...logLevel,
      DROVER_KEYS: bindings.keys,
      DROVER_SERVER_URL: bindings.serverUrl,
      DROVER_CACERTS: bindings.cacerts,
      DROVER_TRUST_FRONT: "1",
      DROVER_VERSION: bindings.version,
    },
  });
  writeFileDurably(runDir.configPath, configuration);
}

function pick(environment: Bindings["environment"], name: string): Record<string, string> {
  const value = environment[name];
  return value === undefined || value === "" ? {} : { [name]: value };
}

/** Settings from the environment (design 10). The bootstrap password is none: it goes to `POST /seed` and nowhere else. */
function settings(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] =>
        entry[0].startsWith("CATTLE_") && entry[0] !== "CATTLE_BOOTSTRAP_PASSWORD" && entry[1] !== undefined,
    ),
  );
}
