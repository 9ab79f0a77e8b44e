/** Serves the floors' Workers by Drover's own launcher until SIGTERM; prints `{"url", "caPath"}` when they answer. */
import { join } from "node:path";
import process from "node:process";
import { startDrover } from "../../../infra/start/drover.ts";
import { parseOptions } from "../../../infra/start/options.ts";
import { PROJECT_CODE } from "../../../infra/start/workerd.ts";

const [dataDir = ""] = process.argv.slice(2);
const options = parseOptions(
  ["--port", "0", "--data-dir", dataDir, "--bootstrap-password", "floor passphrase"],
  {},
);
if (options === "help") throw new Error("no options");
const floors = await startDrover({
  ...options,
  log: () => undefined,
  onFatal: (reason) => console.error(reason),
  code: {
    apiEntry: join(import.meta.dirname, "api.mjs"),
    durableEntry: join(import.meta.dirname, "durable.mjs"),
    migrationsDir: PROJECT_CODE.migrationsDir,
    agent: false,
  },
});
process.on("SIGTERM", () => void floors.stop().then(() => process.exit(0)));
console.log(JSON.stringify({ url: floors.url, caPath: floors.caPath }));
