/** `npm run testbed`: a test bed in the foreground, for people and for other programs. */
import process from "node:process";
import { parseArgs } from "node:util";
import { startTestbed } from "./start.ts";

const HELP = `Usage: npm run testbed -- [--name <name>]

Starts a real Kubernetes control plane on 127.0.0.1 with one simulated node, prints KUBECONFIG=<path> on standard
output when it is ready, and runs until Ctrl-C. The first start on a machine builds it (Go 1.26 or newer, 6 minutes).

  --name <name>  which test bed; each has a kubeconfig path of its own that stays the same (default: default)
  --help         this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { name: { type: "string", default: "default" }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  let ready = false;
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // At the second time, and before the test bed is ready, there is no order to keep: its watchdog ends what runs.
      if (interrupted.signal.aborted || !ready) process.exit(130);
      interrupted.abort();
    });
  }
  const testbed = await startTestbed({ name: values.name, onProgress: (line) => console.error(line) });
  ready = true;
  console.log(`KUBECONFIG=${testbed.kubeconfig}`);
  console.error(`logs, audit log: ${testbed.dir}\nCtrl-C stops it`);
  const end = AbortSignal.any([interrupted.signal, testbed.failure]);
  await new Promise((resolve) => end.addEventListener("abort", resolve, { once: true }));
  if (testbed.failure.aborted) console.error(String(testbed.failure.reason));
  else console.error("stopping");
  await testbed.stop();
  return testbed.failure.aborted ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
