/** Starts a whole Drover on this machine and keeps it running. Parts and order: docs/design/local-runtime.md. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../build/bundle.ts";
import { startFront } from "../front/front.ts";
import { WatchRelay } from "../front/watch-relay.ts";
import type { Log } from "../log.ts";
import type { ServingCertificate } from "../pki/certificates.ts";
import { ensureLocalCertificate, machineNames, readProvidedCertificate } from "../pki/certificates.ts";
import { startPooler } from "../pooler/pooler.ts";
import { explainDatabaseError, withDatabase } from "../postgres/client.ts";
import { endPostgresOrphan } from "../postgres/embedded.ts";
import { endWorkerdOrphans, startWorkerd } from "../workerd/process.ts";
import { cronTrigger, seed } from "./control-plane.ts";
import { checkVersion, createDataDir, dataDirId, keyMaterial, lockDataDir } from "./data-dir.ts";
import { embeddedDatabase, externalDatabase, prepareDatabase } from "./database.ts";
import { firstPassword } from "./generated-password.ts";
import { checkKeys } from "./keys-fingerprint.ts";
import { acquireLease } from "./lease.ts";
import type { DroverOptions } from "./options.ts";
import { defaultServerUrl } from "./options.ts";
import { createRunDir } from "./run-dir.ts";
import { noteSeeded, wasSeeded } from "./seeded.ts";
import { supervise } from "./supervise.ts";
import type { Code } from "./workerd.ts";
import { bundleWorkers, PROJECT_CODE, writeWorkerdConfig } from "./workerd.ts";

export interface StartOptions extends DroverOptions {
  readonly log: Log;
  /** Called when Drover cannot go on, with the reason; the caller should stop it. */
  readonly onFatal: (reason: string) => void;
  /** Where `CATTLE_*` settings come from. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly code?: Code;
  readonly cronMs?: number;
}

export interface Drover {
  /** What agents and kubeconfigs use: `--server-url`, or `localUrl`. */
  readonly url: string;
  /** By which this machine reaches it. */
  readonly localUrl: string;
  readonly port: number;
  readonly dataDir: string;
  /** PEM of the private CA; empty behind a public one. */
  readonly caPem: string;
  readonly caPath?: string;
  /** Present when this start has made the first user with a password of its own. */
  readonly generatedPassword?: string;
  /** Process ids; `postgres` gives `undefined` with an external database. */
  readonly pids: { workerd(): number; postgres(): number | undefined };
  stop(): Promise<void>;
}

/** This version, from package.json. */
export const VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string })
  .version;

/** Resolves when users can log in. Throws `UserError` for what the operator can mend; nothing keeps running then. */
export async function startDrover(options: StartOptions): Promise<Drover> {
  const running = new AsyncDisposableStack();
  try {
    return await start(options, running);
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** Each part is put on `running` as soon as it runs: they end in the opposite order. */
async function start(options: StartOptions, running: AsyncDisposableStack): Promise<Drover> {
  const { log, dataDir, host, code = PROJECT_CODE, cronMs = 60_000, environment = process.env } = options;
  const say = (message: string) => log("info", "drover", message);
  createDataDir(dataDir);
  running.defer(lockDataDir(dataDir));
  const runDir = createRunDir(dataDir);
  await endWorkerdOrphans(runDir.configPath, log);
  await endPostgresOrphan(dataDir, log);
  checkVersion(dataDir, VERSION);
  const keys = keyMaterial(dataDir);
  const holder = dataDirId(dataDir);
  const certificate = servingCertificate(options);
  // Bound before anything slow is done: a port in use is known at once, and nobody else can take it meanwhile.
  const relay = await WatchRelay.start(runDir.relaySocket);
  running.defer(() => relay.stop());
  const { httpSocket: backendPath } = runDir;
  const front = await startFront({ host, port: options.port, certificate, backendPath, relay });
  running.defer(() => front.stop());
  const localUrl = defaultServerUrl(host, front.port);
  const url = options.serverUrl ?? localUrl;

  say("bundling");
  const bundles = await bundleWorkers(code, runDir);
  say("starting the database");
  const { databaseUrl } = options;
  const database = await (databaseUrl === undefined
    ? embeddedDatabase(dataDir, log)
    : externalDatabase(databaseUrl));
  running.defer(() => database.stop());
  const applied = await prepareDatabase(database.target(), holder, code.migrationsDir);
  if (applied.length > 0) say(`applied migrations ${applied.join(", ")}`);
  const target = () => database.target();
  const onLost = () => options.onFatal("another Drover has taken over the database");
  const lease = await acquireLease({ target, holder, log, onLost }).catch((error: unknown) => {
    throw explainDatabaseError(error, target());
  });
  running.defer(() => lease.release());
  const seeded = await withDatabase(target(), async (meta) => {
    await checkKeys(meta, keys);
    return wasSeeded(meta);
  });
  const pooler = await startPooler({ socketPath: runDir.databaseSocket, target, log });
  running.defer(() => pooler.stop());

  say("starting workerd");
  const { logLevel } = options;
  const { caPem } = certificate;
  writeWorkerdConfig(
    bundles,
    { dataDir, logLevel, keys, serverUrl: url, cacerts: caPem, version: VERSION, environment },
    runDir,
    code,
  );
  const cron = cronTrigger(runDir.controlSocket, log);
  let started = false;
  const workerd = await supervise({
    name: "workerd",
    log,
    start: (signal) => {
      const until = started ? "alive" : "ready";
      started = true;
      return startWorkerd({ ...runDir, log, until, signal, experimental: code.evictor === true });
    },
    onDown: () => front.gate.close(),
    onUp: () => {
      front.gate.open();
      // Work that fell due meanwhile need not wait for the next minute.
      cron();
    },
  });
  // It holds the key material, and is written anew by each start.
  running.defer(() => rmSync(runDir.configPath, { force: true }));
  running.defer(() => workerd.stop());

  say("seeding");
  const first = firstPassword(dataDir, options.bootstrapPassword, seeded);
  const { adminCreated } = await seed(runDir.controlSocket, {
    bootstrapPassword: first.password,
    mustChangePassword: first.mustChange,
    serverUrl: url,
    cacerts: caPem,
    ...(options.features === undefined ? {} : { features: options.features }),
  });
  if (!seeded) await withDatabase(target(), noteSeeded);
  const shown = first.shown(adminCreated);
  front.gate.open();
  // Clients end first: nothing new comes in while the rest is stopped.
  running.defer(() => front.stop());
  cron();
  const timer = setInterval(cron, cronMs);
  running.defer(() => clearInterval(timer));
  return {
    url,
    localUrl,
    port: front.port,
    dataDir,
    caPem,
    ...(certificate.caPath === undefined ? {} : { caPath: certificate.caPath }),
    ...(shown === undefined ? {} : { generatedPassword: shown }),
    pids: { workerd: () => workerd.pid(), postgres: () => database.pid() },
    stop: () => running.disposeAsync(),
  };
}

function servingCertificate({ tls, dataDir, host, serverUrl }: StartOptions): ServingCertificate {
  if (tls !== undefined) return readProvidedCertificate(tls);
  const external = serverUrl === undefined ? [] : [new URL(serverUrl).hostname.replace(/^\[(.*)\]$/, "$1")];
  return ensureLocalCertificate(join(dataDir, "tls"), machineNames([host, ...external]));
}
