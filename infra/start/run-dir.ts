/** Where sockets, bundles and workerd's configuration live while Drover runs: private to the user. */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { UserError } from "../user-error.ts";

export interface RunDir {
  readonly path: string;
  /** The API's default entrypoint. */
  readonly httpSocket: string;
  /** The API's entrypoint `ControlPlane`. */
  readonly controlSocket: string;
  /** Of the front: where fan-out objects send what many watch. */
  readonly relaySocket: string;
  /** Of an entrypoint that only tests have (`Code`). */
  readonly evictorSocket: string;
  /** The pooler; named as PostgreSQL's own sockets are, so that `psql -h <run dir>` works. */
  readonly databaseSocket: string;
  /** workerd's configuration; its path also tells our workerd from others. */
  readonly configPath: string;
}

const DATABASE_SOCKET = ".s.PGSQL.5432";
/** unix(7): a socket's path has 108 bytes, the last one NUL. */
const MAX_SOCKET_PATH = 107;

/** Makes `<data-dir>/run`, or where that is too long for a socket, a directory of its own below the system's temporary one. */
export function createRunDir(dataDir: string, temporary = tmpdir()): RunDir {
  const near = join(dataDir, "run");
  const fits = Buffer.byteLength(join(near, DATABASE_SOCKET)) <= MAX_SOCKET_PATH;
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const path = fits ? near : join(temporary, `drover-${hash}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const status = lstatSync(path);
  // Below /tmp, somebody else may have been here first.
  if (!status.isDirectory() || status.uid !== process.getuid?.()) {
    throw new UserError(`${path} belongs to somebody else; choose a shorter --data-dir`);
  }
  chmodSync(path, 0o700);
  return {
    path,
    httpSocket: join(path, "http.sock"),
    controlSocket: join(path, "control.sock"),
    relaySocket: join(path, "relay.sock"),
    evictorSocket: join(path, "evictor.sock"),
    databaseSocket: join(path, DATABASE_SOCKET),
    configPath: join(path, "workerd.capnp"),
  };
}
