/**
 * The embedded PostgreSQL 18: loopback only, fsync on, data in `<data-dir>/postgres`, a random password in
 * `<data-dir>/postgres.password`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readFileIfExists, syncDirectory, writeFileDurably } from "../files.ts";
import type { Log } from "../log.ts";
import type { Part } from "../process/child.ts";
import { startChild } from "../process/child.ts";
import { endProcess, processInfo } from "../process/proc.ts";
import { UserError } from "../user-error.ts";
import type { PostgresBinaries, Runner } from "./binaries.ts";
import { findBinaries, findRunner } from "./binaries.ts";

const MAJOR = "18";
const USER = "drover";
/** `initdb` makes this database; another name would be one more step that can fail half-way. */
const DATABASE = "postgres";
/** Crash recovery of a large write-ahead log takes its time; a process that died is noticed at once. */
const START_TIMEOUT_MS = 300_000;

/** Locale C and UTF-8 from PostgreSQL's builtin provider: sorting does not change when the system's libc does. */
const INITDB_FLAGS = [
  "--auth=scram-sha-256",
  `--username=${USER}`,
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
];

const ENVIRONMENT = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** A data directory that is ready to be started. */
export interface EmbeddedPostgres {
  readonly dir: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly runner: Runner;
}

/** Creates the database cluster if there is none. Throws `UserError` when it cannot be used. */
export async function preparePostgres(dataDir: string, log: Log): Promise<EmbeddedPostgres> {
  const dir = join(dataDir, "postgres");
  const binaries = findBinaries();
  const runner = findRunner([binaries.postgres, dataDir]);
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith("postgres.init-")) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  const passwordPath = join(dataDir, "postgres.password");
  let password = readFileIfExists(passwordPath);
  if (!existsSync(dir)) {
    password = randomBytes(24).toString("base64url");
    writeFileDurably(passwordPath, password);
    log("info", "postgres", "creating the database");
    await initialise({ dir, password, binaries, runner });
  }
  if (password === undefined)
    throw new UserError(`${passwordPath} is missing: the database in ${dir} cannot be opened`);
  const version = readFileIfExists(join(dir, "PG_VERSION"))?.trim();
  if (version !== MAJOR) {
    throw new UserError(
      `${dir} was made by PostgreSQL ${version ?? "of unknown version"}; this Drover brings PostgreSQL ${MAJOR}`,
    );
  }
  return { dir, password, binaries, runner };
}

/** Runs initdb beside the final place and renames, so that a start killed half-way leaves nothing to trip over. */
async function initialise(target: EmbeddedPostgres): Promise<void> {
  const parent = join(target.dir, "..");
  const fresh = join(parent, `postgres.init-${randomBytes(6).toString("hex")}`);
  const passwordFile = `${fresh}.password`;
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, `${target.password}\n`, { mode: 0o600 });
  const { owner } = target.runner;
  if (owner !== undefined) {
    for (const path of [fresh, passwordFile]) chownSync(path, owner.uid, owner.gid);
  }
  const { command, args, ...user } = target.runner.command(target.binaries.initdb, [
    `--pgdata=${fresh}`,
    `--pwfile=${passwordFile}`,
    ...INITDB_FLAGS,
  ]);
  const child = spawn(command, args, {
    ...user,
    cwd: "/",
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = await once(child, "close");
  rmSync(passwordFile);
  if (code !== 0) throw new UserError(`initdb failed: ${output.trim()}`);
  renameSync(fresh, target.dir);
  syncDirectory(parent);
}

/** A running server. */
export interface PostgresPart extends Part {
  readonly port: number;
  /** For processes on this machine only; holds the password. */
  readonly url: string;
}

/** Starts the server and waits until it accepts connections. Throws when it ends before that. */
export async function startPostgres(
  target: EmbeddedPostgres,
  log: Log,
  signal?: AbortSignal,
): Promise<PostgresPart> {
  // A server killed a moment ago may hold its shared memory a little longer, and a free port may be taken meanwhile.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(target, log, signal);
    } catch (error) {
      if (attempt === 5 || signal?.aborted === true) throw error;
      log("warn", "postgres", `${error instanceof Error ? error.message : String(error)}; trying again`);
      await sleep(attempt * 200);
    }
  }
}

async function startOnce(
  target: EmbeddedPostgres,
  log: Log,
  signal: AbortSignal | undefined,
): Promise<PostgresPart> {
  await endOrphan(target.dir, log);
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "on",
    // Errors of statements belong to the client that sent them and may quote its data.
    log_min_messages: "log",
    log_min_error_statement: "panic",
    log_line_prefix: "",
    // A backend whose client was destroyed stops within a second instead of finishing a long statement.
    client_connection_check_interval: "1s",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const ready = Promise.withResolvers<void>();
  let fatal = "";
  const part = startChild({
    ...target.runner.command(target.binaries.postgres, ["-D", target.dir, "-p", String(port), ...flags]),
    env: ENVIRONMENT,
    // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (recovery at the next start).
    stopSteps: [
      ["SIGINT", 10_000],
      ["SIGQUIT", 5_000],
    ],
    lastSignal: "SIGINT",
    signal,
    onLine: (line) => {
      const bad = /^(FATAL|PANIC):/.test(line);
      if (bad) fatal = line;
      log(bad ? "warn" : "debug", "postgres", line);
      if (line.includes("database system is ready to accept connections")) ready.resolve();
    },
  });
  const outcome = await Promise.race([
    ready.promise.then(() => "ready" as const),
    part.exited,
    sleep(START_TIMEOUT_MS, "no answer in time", { ref: false }),
  ]);
  if (outcome !== "ready") {
    await part.stop();
    throw new UserError(`PostgreSQL did not start: ${fatal || outcome}`);
  }
  return { ...part, port, url: `postgres://${USER}:${target.password}@127.0.0.1:${port}/${DATABASE}` };
}

/** Ends a server that a killed launcher left behind. */
export async function endPostgresOrphan(dataDir: string, log: Log): Promise<void> {
  await endOrphan(join(dataDir, "postgres"), log);
}

/**
 * The pid in `postmaster.pid` may long belong to another process:
 * only one that is a PostgreSQL server whose working directory is our data directory is signalled.
 */
async function endOrphan(dir: string, log: Log): Promise<void> {
  const pid = Number(readFileIfExists(join(dir, "postmaster.pid"))?.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const info = processInfo(pid);
  if (info === undefined || info.cwd !== realpathSync(dir)) return;
  if (basename(info.exe.replace(/ \(deleted\)$/, "")) !== "postgres") return;
  log("info", "postgres", `ending process ${pid}, left behind by an earlier start`);
  const ended = await endProcess(pid, [
    ["SIGINT", 5_000],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ]);
  if (!ended) throw new UserError(`process ${pid}, an orphaned PostgreSQL, does not end`);
}

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
