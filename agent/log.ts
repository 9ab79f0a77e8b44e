/** The agent's log: one line an event on standard output, which is where `kubectl logs` reads. Never a secret. */
import process from "node:process";
import type { AgentConfig } from "./config.ts";

type Level = AgentConfig["logLevel"];
const levels: readonly Level[] = ["error", "info", "debug"];

export type Log = (level: Level, message: string) => void;

/** A log that drops what is less severe than `threshold`. */
export function createLog(threshold: Level): Log {
  const limit = levels.indexOf(threshold);
  return (level, message) => {
    if (levels.indexOf(level) > limit) return;
    // Part of a message may be the server's: it must not be able to forge lines.
    const line = message.replace(/\p{Cc}+/gu, " ");
    process.stdout.write(`${new Date().toISOString()} ${level} ${line}\n`);
  };
}
