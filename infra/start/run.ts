/** A whole Drover as a process: options in, what to do next out, signals. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { createLog } from "../log.ts";
import { UserError } from "../user-error.ts";
import type { Drover } from "./drover.ts";
import { startDrover, VERSION } from "./drover.ts";
import { forgetGeneratedPassword } from "./generated-password.ts";
import { helpText, parseOptions } from "./options.ts";
import type { Code } from "./workerd.ts";

/** npm passes a signal on to us that the terminal has sent us as well; only a later one means impatience. */
const FORCE_AFTER_MS = 1000;

/** What `login` cannot guess. */
function loginOptions({ localUrl, dataDir, caPath }: Drover): string {
  const localCa = join(dataDir, "tls", "ca.crt");
  return [
    localUrl === "https://localhost:8443" ? "" : ` --server ${localUrl}`,
    caPath === undefined || (caPath === localCa && dataDir === resolve(".drover")) ? "" : ` --ca ${caPath}`,
  ].join("");
}

function welcome(drover: Drover): string {
  const lines = [
    "",
    `Drover ${VERSION} is ready.`,
    "",
    `  URL:       ${drover.url}`,
    ...(drover.localUrl === drover.url ? [] : [`  here:      ${drover.localUrl}`]),
    "  user:      admin",
    ...(drover.generatedPassword === undefined
      ? []
      : [`  password:  ${drover.generatedPassword}   (shown only now; login asks for a new one)`]),
    ...(drover.caPath === undefined ? [] : [`  CA:        ${drover.caPath}`]),
    "",
    "Next:",
    `  npm run drover -- login${loginOptions(drover)}`,
    "  npm run drover -- import my-cluster | kubectl apply -f -",
    "  npm run drover -- kubeconfig my-cluster > kc",
    "",
  ];
  return lines.join("\n");
}

/** The embedded programs need glibc; without it they fail with a riddle. */
function checkPlatform(): void {
  const supported = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  const musl = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"].some((path) => existsSync(path));
  const glibc = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].some((path) =>
    existsSync(path),
  );
  if (!supported || (musl && !glibc)) {
    throw new UserError(
      `Drover runs on Linux (x64 or arm64) with glibc, not on this ${process.platform}-${process.arch}`,
    );
  }
}

function fail(error: unknown): never {
  // What the system refuses (a full disk, a right that is missing) is the operator's to mend as well.
  if (error instanceof UserError || (error instanceof Error && "syscall" in error))
    process.stderr.write(`drover: ${error.message}\n`);
  else console.error("drover:", error);
  // Whatever was started is ended by the exit handler of process/child.ts.
  process.exit(1);
}

/** Resolves when it serves. `code`: for tests. What fails is said, and the process ends. */
export async function run(code?: Code): Promise<void> {
  await main(code).catch(fail);
}

async function main(code: Code | undefined): Promise<void> {
  checkPlatform();
  // Whoever read our output may leave (`| less`); Drover stays.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(helpText());
    return;
  }
  const log = createLog(options.logLevel);
  let drover: Drover | undefined;
  let stoppingSince: number | undefined;
  const stop = (exitCode: number) => {
    if (stoppingSince !== undefined) {
      if (Date.now() - stoppingSince > FORCE_AFTER_MS) process.exit(exitCode);
      return;
    }
    stoppingSince = Date.now();
    // In the middle of a start there is nothing to lose: the exit handler ends what runs.
    if (drover === undefined) process.exit(exitCode);
    log("info", "drover", "stopping");
    drover.stop().then(() => process.exit(exitCode), fail);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
  const onFatal = (reason: string) => {
    log("error", "drover", reason);
    stop(1);
  };
  drover = await startDrover({ ...options, log, onFatal, ...(code === undefined ? {} : { code }) });
  // A password that the terminal did not get is shown again at the next start.
  process.stdout.write(welcome(drover), (error) => {
    if (error === null || error === undefined) forgetGeneratedPassword(options.dataDir);
  });
}
