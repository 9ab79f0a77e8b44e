/** `drover login`: exchanges user name and password for a session token; changes a generated password on the way. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { call, callJson, UntrustedServer } from "./client.ts";
import type { Connection } from "./client.ts";
import { configPath, writeConfig } from "./config.ts";
import { openPrompter } from "./prompt.ts";

export interface LoginOptions {
  readonly server: string;
  readonly caFile?: string;
  readonly dataDir: string;
  readonly username: string;
}

interface Collection<T> {
  data: T[];
}

export async function login(options: LoginOptions): Promise<void> {
  const server = options.server.replace(/\/+$/, "");
  if (!server.startsWith("https://")) throw new Error("--server must start with https://");
  const connection = await trustedConnection(server, options);
  const prompter = openPrompter();
  try {
    const password =
      process.env["DROVER_PASSWORD"] ?? (await prompter.askSecret(`Password for ${options.username}: `));
    const session = await callJson<{ token: string }>(connection, "POST", "/v1-public/login", {
      type: "localProvider",
      username: options.username,
      password,
      description: "drover CLI",
      responseType: "json",
    });
    const own: Connection = { ...connection, token: session.token };
    const me = await callJson<Collection<{ mustChangePassword?: boolean }>>(own, "GET", "/v3/users?me=true");
    if (me.data[0]?.mustChangePassword === true) {
      const newPassword =
        process.env["DROVER_NEW_PASSWORD"] ??
        (await prompter.askSecret("This password was generated. New password (12 characters or more): "));
      await callJson(own, "POST", "/v3/users?action=changepassword", {
        currentPassword: password,
        newPassword,
      });
      process.stderr.write("Password changed.\n");
    }
    writeConfig({ ...connection, token: session.token });
    process.stderr.write(`Logged in to ${server} as ${options.username} (${configPath()}).\n`);
  } finally {
    prompter.close();
  }
}

/**
 * The CA comes from a file only, never from the server it is to vouch for (CVE-2025-67601): `--ca`, else the CA
 * that `npm start` made in its data directory, when the server is on this machine and uses it. That file stays there when the
 * server is given a certificate of its operator's, which the system's store then has to vouch for.
 */
async function trustedConnection(server: string, options: LoginOptions): Promise<Connection> {
  if (options.caFile !== undefined) return { server, ca: readFileSync(options.caFile, "utf8") };
  const { hostname } = new URL(server);
  const local = join(options.dataDir, "tls", "ca.crt");
  if (!["localhost", "127.0.0.1", "[::1]"].includes(hostname) || !existsSync(local)) return { server };
  const withLocalCa = { server, ca: readFileSync(local, "utf8") };
  try {
    await call(withLocalCa, "GET", "/ping");
    return withLocalCa;
  } catch (error) {
    if (error instanceof UntrustedServer) return { server };
    throw error;
  }
}
