/** `npm run drover -- …` as a user types it, as far as it goes without a cluster to import. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ensureLocalCertificate } from "../../infra/pki/certificates.ts";
import { callJson, cleanEnv, removeDataDir, root, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";

const changed = "a passphrase of the user's";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with `input` on its standard input. */
function run(command: string, args: string[], env: Record<string, string>, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: cleanEnv(env), timeout: 60_000 });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
    child.on("close", (code) => resolve({ code, ...output }));
    child.stdin.on("error", () => undefined).end(input);
  });
}

describe("npm run drover", () => {
  const home = mkdtempSync(join(tmpdir(), "drover-cli-"));
  let drover: Drover;

  const cli = (args: string[], env: Record<string, string> = {}, input = ""): Promise<Outcome> =>
    run(process.execPath, ["infra/cli/main.ts", ...args], { HOME: home, XDG_CONFIG_HOME: "", ...env }, input);
  const npm = (args: string[], env: Record<string, string> = {}): Promise<Outcome> =>
    run("npm", ["run", "drover", "--", ...args], { HOME: home, XDG_CONFIG_HOME: "", ...env });

  /** One clear line and exit code 1. */
  async function refused(outcome: Promise<Outcome>): Promise<string> {
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      code: 1,
      stdout: "",
      lines: 1,
    });
    expect(stderr).toMatch(/^drover: /);
    return stderr;
  }

  beforeAll(async () => {
    drover = await startDrover();
  }, 120_000);
  afterAll(async () => {
    await drover?.stop();
    if (drover !== undefined) removeDataDir(drover.dataDir);
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it("asks for a login first", async () => {
    for (const command of [["clusters"], ["kubeconfig", "x"], ["import", "x"], ["token"]])
      expect(await refused(cli(command))).toContain("not logged in");
  });

  it("trusts no server whose CA it was not given, and refuses a wrong password", async () => {
    const env = { DROVER_PASSWORD: "wrong password" };
    const server = ["login", "--server", drover.url];
    expect(await refused(cli([...server, "--data-dir", home], env))).toContain("log in with --ca FILE");
    expect(await refused(cli([...server, "--ca", drover.caPath], env))).toContain("HTTP 401");
    expect(await refused(cli([...server, "--ca", join(home, "none.crt")], env))).toContain("none.crt");
    expect(await refused(cli(["login", "--server", "https://localhost:1"], env))).toContain("cannot reach");
    expect(await refused(cli(["login", "--server", "http://localhost"], env))).toContain("https://");
    expect(existsSync(join(home, ".config/drover/config.json"))).toBe(false);
  });

  it("falls back to the system's trust when the server does not use the CA of the data directory any more", async () => {
    const other = ensureLocalCertificate(join(home, "other-ca"), ["localhost"]);
    const stranger = createServer({ cert: other.certPem, key: other.keyPem }, (_request, response) =>
      response.writeHead(401).end("{}"),
    ).listen(0, "localhost");
    await new Promise((resolve) => stranger.once("listening", resolve));
    const { port } = stranger.address() as AddressInfo;
    const args = ["login", "--server", `https://localhost:${port}`, "--data-dir", drover.dataDir];
    expect(await refused(cli(args, { DROVER_PASSWORD: "x" }))).toContain("log in with --ca FILE");
    // What stands for the system's store.
    const trusting = { DROVER_PASSWORD: "x", NODE_EXTRA_CA_CERTS: join(home, "other-ca/ca.crt") };
    expect(await refused(cli(args, trusting))).toContain("HTTP 401");
    stranger.close();
  });

  it("trusts the local CA, has a generated password changed, and keeps the session to itself", async () => {
    const args = ["login", "--server", drover.url, "--data-dir", drover.dataDir];
    const first = drover.password ?? "";
    expect(await refused(cli(args, { DROVER_PASSWORD: first, DROVER_NEW_PASSWORD: "short" }))).toContain(
      "HTTP 422",
    );
    const answers = await cli(args, {}, `${first}\n${changed}\n`);
    expect(answers).toMatchObject({ code: 0, stdout: "" });
    expect(answers.stderr).toContain("New password");
    expect(answers.stderr).toContain("Password changed.");
    expect(answers.stderr).not.toContain(changed);
    const path = join(home, ".config/drover/config.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      server: drover.url,
      ca: drover.ca,
      token: expect.stringMatching(/^token-[a-z0-9]{5}:/),
    });
    expect(await refused(cli(args, { DROVER_PASSWORD: first }))).toContain("HTTP 401");
    const again = await cli(args, { DROVER_PASSWORD: changed });
    expect(again.code).toBe(0);
    expect(again.stderr).not.toContain("Password changed.");
  });

  it("keeps the login below XDG_CONFIG_HOME where that is set", async () => {
    const xdg = join(home, "xdg");
    const args = ["login", "--server", drover.url, "--data-dir", drover.dataDir];
    expect((await cli(args, { XDG_CONFIG_HOME: xdg, DROVER_PASSWORD: changed })).code).toBe(0);
    expect(statSync(join(xdg, "drover/config.json")).mode & 0o777).toBe(0o600);
  });

  it("prints a manifest through npm with nothing else on standard output, the same one again", async () => {
    const printed = await npm(["import", "my-cluster"]);
    expect(printed).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Cluster my-cluster is c-\w+\.\n$/),
    });
    for (const document of printed.stdout.split(/^---$/m))
      if (document.trim() !== "") expect(parse(document)).toHaveProperty("kind");
    expect((await cli(["import", "my-cluster"])).stdout).toBe(printed.stdout);
    const listed = await cli(["clusters"]);
    expect(listed.stdout).toMatch(/^NAME +ID +STATE +VERSION +MESSAGE\nmy-cluster +c-\w+ +pending/);
    expect(listed.stdout.trim().split("\n")).toHaveLength(2);
  });

  it("gives a kubeconfig of the management store, which is no cluster to import or to list", async () => {
    const { stdout } = await cli(["kubeconfig", "local"]);
    expect(stdout).toContain(`${drover.url}/k8s/clusters/local"`);
    expect(await refused(cli(["import", "local"]))).toBe(
      "drover: local is Drover itself: no agent can join as it\n",
    );
  });

  it("says through npm in one line what is wrong, with nothing on standard output for kubectl to read", async () => {
    expect(await refused(npm(["kubeconfig", "no-such-cluster"]))).toBe(
      "drover: no cluster no-such-cluster: `npm run drover -- clusters` lists them\n",
    );
    expect(await refused(npm(["import", "Not A Name"]))).toContain("HTTP 422");
    expect(await refused(npm(["import"]))).toContain("usage: npm run drover -- import NAME");
    expect(await refused(npm(["imprt", "x"]))).toContain("unknown command imprt");
    expect(await refused(npm(["token", "--ttl", "soon"]))).toContain("--ttl");
    expect(await refused(npm(["clusters", "--al"]))).toContain("--al");
  });

  it("prints a kubeconfig by name and by id, and a token that works", async () => {
    const kubeconfig = parse((await cli(["kubeconfig", "my-cluster"])).stdout) as {
      clusters: { cluster: { server: string } }[];
    };
    const server = kubeconfig.clusters[0]?.cluster.server ?? "";
    expect(server).toMatch(new RegExp(`^${drover.url}/k8s/clusters/c-\\w+$`));
    expect((await cli(["kubeconfig", server.split("/").at(-1) ?? ""])).code).toBe(0);
    const { stdout } = await cli(["token", "--description", "for a test", "--ttl", "5"]);
    expect(stdout).toMatch(/^token-[a-z0-9]{5}:\w+\n$/);
    const connection = { server: drover.url, ca: drover.ca, token: stdout.trim() };
    const { data } = await callJson<{ data: { description?: string }[] }>(connection, "GET", "/v3/tokens");
    expect(data.map(({ description }) => description)).toContain("for a test");
  });

  it("passes on what stands in kubectl's way with --apply", async () => {
    const kubeconfig = join(home, "absent.kubeconfig");
    // A kubectl that ends before it has read the manifest, and fails as a real one would.
    const bin = join(home, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "kubectl"), '#!/bin/sh\nexec <&-\necho "kubectl $*" >&2\nexit 3\n', {
      mode: 0o755,
    });
    const path = process.env["PATH"] ?? "";
    const args = ["import", "my-cluster", "--apply", "--kubeconfig", kubeconfig];
    const failed = await cli(args, { PATH: `${bin}:${path}` });
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr.split("\n").slice(1)).toEqual([
      `kubectl --kubeconfig ${kubeconfig} apply -f -`,
      "drover: kubectl apply ended with code 3",
      "",
    ]);
    const missing = await cli(args, { PATH: "/nonexistent" });
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr.split("\n").at(-2)).toBe("drover: cannot run kubectl: spawn kubectl ENOENT");
  });

  it("ends in one line when the reader of its output leaves", async () => {
    const script = `"${process.execPath}" infra/cli/main.ts import my-cluster | true; echo "$(echo "\${PIPESTATUS[0]}")"`;
    const outcome = await run("bash", ["-c", script], { HOME: home, XDG_CONFIG_HOME: "" });
    expect(outcome.stderr).not.toContain("    at ");
    expect(outcome.stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  });

  it("says which login it needs when the file is damaged or the session is over", async () => {
    const xdg = join(home, "damaged");
    mkdirSync(join(xdg, "drover"), { recursive: true });
    writeFileSync(join(xdg, "drover/config.json"), "[]");
    expect(await refused(cli(["clusters"], { XDG_CONFIG_HOME: xdg }))).toContain("is not a Drover login");
    writeFileSync(join(xdg, "drover/config.json"), "{");
    expect(await refused(cli(["clusters"], { XDG_CONFIG_HOME: xdg }))).toContain("is not a Drover login");
    const over = { server: drover.url, ca: drover.ca, token: "token-aaaaa:x" };
    writeFileSync(join(xdg, "drover/config.json"), JSON.stringify(over));
    expect(await refused(cli(["clusters"], { XDG_CONFIG_HOME: xdg }))).toContain("HTTP 401");
  });
});
