/** `node test/checker/main.ts <history file>`: checks a history by hand; exit code 1 when something is wrong. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { checkHistory } from "./check-history.ts";
import { parseHistory } from "./history.ts";

const SHOWN = 20;
const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("usage: node test/checker/main.ts <history file>");
  process.exit(2);
}
const { violations, checked } = checkHistory(parseHistory(readFileSync(path, "utf8")));
console.log(JSON.stringify(checked));
for (const { rule, message } of violations.slice(0, SHOWN)) console.log(`${rule}: ${message}`);
if (violations.length > SHOWN) console.log(`… and ${violations.length - SHOWN} more`);
console.log(violations.length === 0 ? "no violation" : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
