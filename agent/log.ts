/**
 * The agent's log: one JSON object a line on standard output, which is where `kubectl logs` reads; in the form of the
 * server's own. Never a secret.
 */
import process from "node:process";
import { createLogger } from "../schema/logger.ts";
import type { LogFields } from "../schema/logger.ts";
import type { AgentConfig } from "./config.ts";

type Level = AgentConfig["logLevel"];

export type Log = (level: Level, message: string, fields?: LogFields) => void;

/** A log that drops what is less severe than `threshold`. */
export function createLog(threshold: Level): Log {
  // JSON escapes line ends: part of a message may be the server's, and it must not be able to forge lines.
  const logger = createLogger(threshold, {}, (_level, line) => process.stdout.write(`${line}\n`));
  return (level, message, fields) => logger[level](message, fields);
}
