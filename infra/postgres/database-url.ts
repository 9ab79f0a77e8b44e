/** Reads a PostgreSQL connection URL as libpq does, as far as it concerns where and how to connect. */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { UserError } from "../user-error.ts";

export interface DatabaseTarget {
  /** Host name or IP address; starts with `/` for the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
  /** PEM of `sslrootcert`; absent = the system's CAs. */
  readonly ca?: string;
}

const TLS_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
/** Parameters that change nothing here. Any other unknown one is refused: ignoring `sslcert` would be a trap. */
const IGNORED = new Set([
  "application_name",
  "connect_timeout",
  "fallback_application_name",
  "target_session_attrs",
]);

/**
 * Parses `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`. Without `sslmode`, TLS is used if the
 * server offers it, as libpq does. Throws `UserError` that never quotes the URL, which may hold a password.
 */
export function parseDatabaseUrl(text: string): DatabaseTarget {
  let url: URL;
  try {
    url = new URL(text);
    for (const part of [url.hostname, url.username, url.password, url.pathname]) decodeURIComponent(part);
  } catch {
    throw new UserError("--database-url is not a URL; expected postgres://user:password@host:port/database");
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw new UserError(`--database-url must start with postgres://, not ${url.protocol}//`);
  }
  const query = new Map(url.searchParams);
  const take = (name: string) => {
    const value = query.get(name);
    query.delete(name);
    return value;
  };
  const sslmode = take("sslmode") ?? "prefer";
  const tls = TLS_MODES.find((mode) => mode === sslmode);
  if (tls === undefined)
    throw new UserError(`--database-url: sslmode must be one of ${TLS_MODES.join(", ")}`);
  if (take("channel_binding") === "require") {
    throw new UserError("--database-url: channel_binding=require is not supported");
  }
  const rootCertificate = take("sslrootcert");
  const host = take("host") ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  const port = Number(take("port") ?? (url.port === "" ? 5432 : url.port));
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UserError("--database-url: the port must be a number up to 65535");
  const user = decodeURIComponent(url.username) || take("user") || "postgres";
  const target = {
    host: host === "" ? "localhost" : host,
    port,
    user,
    password: decodeURIComponent(url.password) || (take("password") ?? ""),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    tls: host.startsWith("/") ? ("disable" as const) : tls,
  };
  const unknown = [...query.keys()].find((name) => !IGNORED.has(name));
  if (unknown !== undefined) throw new UserError(`--database-url: parameter ${unknown} is not supported`);
  if (rootCertificate === undefined || rootCertificate === "system") return target;
  return { ...target, ca: readRootCertificate(rootCertificate) };
}

function readRootCertificate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(
      `--database-url: sslrootcert: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** How to verify the server, as libpq's `sslmode` defines it. */
export function tlsOptions(target: DatabaseTarget): ConnectionOptions {
  const verified = target.tls === "verify-ca" || target.tls === "verify-full";
  return {
    rejectUnauthorized: verified,
    ...(target.ca === undefined ? {} : { ca: target.ca }),
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    // verify-ca trusts the chain whatever name it carries.
    ...(target.tls === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** `host:port/database`, for messages: no user, no password. */
export function describeTarget(target: DatabaseTarget): string {
  return `${target.host}:${target.port}/${target.database}`;
}
