/**
 * Our own agent's session as a process of its own: `node node-agent.ts URL TOKEN CA-FILE`. Its streams go by TCP to the address
 * in CONNECT, where the Go backend listens.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { Connector } from "../../agent/connector.ts";
import { dial } from "../../agent/tcp-dial.ts";
import { runTunnel } from "../../agent/tunnel.ts";
import { Budget } from "../../wire/remotedialer/limits.ts";

const [url = "", token = "", caFile = ""] = process.argv.slice(2);
const ca = readFileSync(caFile, "utf8");
const budget = new Budget();
const { signal } = new AbortController();
process.stdin.on("end", () => process.exit(0)).resume();

await new Connector("steve", (level, message) => console.log(level, message)).run(
  (onOpen) =>
    runTunnel({
      url,
      headers: { authorization: `Bearer stv-cluster-${token}` },
      route: { ca },
      onConnect: dial,
      budget,
      signal,
      onOpen,
    }),
  signal,
);
