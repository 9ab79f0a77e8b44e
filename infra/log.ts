/** The launcher's log: one line an event, `warn` and `error` on standard error. */
import process from "node:process";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one line. `part` names who speaks: `postgres`, `workerd`, `front`. */
export type Log = (level: LogLevel, part: string, message: string) => void;

export function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/** A log that drops what is less severe than `threshold`. */
export function createLog(threshold: LogLevel): Log {
  const limit = LOG_LEVELS.indexOf(threshold);
  return (level, part, message) => {
    if (LOG_LEVELS.indexOf(level) > limit) return;
    const stream = level === "error" || level === "warn" ? process.stderr : process.stdout;
    const mark = level === "info" ? "" : `${level}: `;
    stream.write(`[${part}] ${mark}${message}\n`);
  };
}
