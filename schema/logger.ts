/** Structured logs: one JSON object per line. Values under names that sound like secrets are never written. */

const levels = { debug: 10, info: 20, warn: 30, error: 40 } as const;
export type LogLevel = keyof typeof levels;
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** A logger whose lines carry these fields too. */
  readonly with: (fields: LogFields) => Logger;
}

/** `level`: `DROVER_LOG_LEVEL`; anything unknown means `info`. `write` gets a finished line. */
export function createLogger(
  level: string | undefined,
  fields: LogFields = {},
  write: (level: LogLevel, line: string) => void = toConsole,
): Logger {
  const least = levels[isLevel(level) ? level : "info"];
  const at = (name: LogLevel) => (message: string, more?: LogFields) => {
    if (levels[name] < least) return;
    const line = { time: new Date().toISOString(), level: name, message, ...fields, ...more };
    write(name, JSON.stringify(line, redact));
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLogger(level, { ...fields, ...more }, write),
  };
}

function isLevel(value: string | undefined): value is LogLevel {
  return value !== undefined && Object.hasOwn(levels, value);
}

/** The last line of defence, not a licence: callers do not log secrets. `tokenName` and the like are names, not values. */
const secretName =
  /password|secret|authorization|cookie|credential|bearer|kubeconfig|privatekey|^token$|token$/i;

function redact(key: string, value: unknown): unknown {
  if (secretName.test(key) && value !== undefined && value !== null) return "[redacted]";
  if (value instanceof Error) return describeError(value);
  return value;
}

/** Name, message, code, stack and cause. Query parameters that drivers attach to their errors are left out. */
function describeError(error: Error): LogFields {
  return {
    name: error.name,
    message: error.message,
    ...("code" in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  };
}

function toConsole(level: LogLevel, line: string): void {
  if (level === "error") console.error(line);
  else if (level === "warn") console.warn(line);
  else console.log(line);
}
