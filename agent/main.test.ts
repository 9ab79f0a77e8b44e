/** The agent as a process, against a server that really speaks TLS and WebSocket. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
// oxlint-disable-next-line no-restricted-imports -- certificates for tests only
import { createAuthority } from "../test/testbed/certs.ts";
import { tunnelParams } from "./serve.ts";
import { accountToken, startApiserver } from "./testing/apiserver.ts";
import type { Apiserver } from "./testing/apiserver.ts";

const authority = createAuthority("drover ca");
const { certPem, keyPem } = authority.server("drover", ["127.0.0.1"]);
const token = "registration-t0ken";

describe("node agent/main.ts", () => {
  let dir: string;
  let apiserver: Apiserver;
  let server: Server;
  let upgrades: IncomingMessage[];
  let agent: ChildProcess | undefined;
  let output: string;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "drover-agent-"));
    apiserver = await startApiserver();
    upgrades = [];
    output = "";
    server = createServer({ cert: certPem, key: keyPem, maxHeaderSize: 1 << 20 }, (_incoming, response) =>
      response.end("pong"),
    ).listen(0, "127.0.0.1");
    server.on("upgrade", (incoming: IncomingMessage) => upgrades.push(incoming));
    await once(server, "listening");
  });
  afterEach(() => {
    agent?.kill("SIGKILL");
    agent = undefined;
    apiserver.stop();
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });

  /** Runs the agent with credentials mounted as the manifest mounts them. */
  function start(options: string[] = [], env: Record<string, string> = {}): ChildProcess {
    const { port, ca } = apiserver.access;
    const cluster = {
      server: `https://127.0.0.1:${port}`,
      "certificate-authority-data": Buffer.from(ca).toString("base64"),
    };
    const kubeconfig = {
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
      clusters: [{ name: "k", cluster }],
      users: [{ name: "u", user: { token: "the-operators-own" } }],
    };
    writeFileSync(join(dir, "kubeconfig"), JSON.stringify(kubeconfig));
    writeFileSync(join(dir, "ca.crt"), authority.certPem);
    writeFileSync(join(dir, "url"), `https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    writeFileSync(join(dir, "token"), token);
    agent = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...options], {
      cwd: dir,
      env: { CATTLE_CREDENTIALS_DIR: dir, DROVER_AGENT_KUBECONFIG: join(dir, "kubeconfig"), ...env },
    });
    for (const stream of [agent.stdout, agent.stderr])
      stream?.on("data", (chunk) => (output += String(chunk)));
    return agent;
  }

  const trusting = (): string[] => ["--ca", join(dir, "ca.crt")];

  it("prints its options and exits 0", async () => {
    expect(await once(start(["--help"]), "close")).toEqual([0, null]);
    expect(output).toContain("--kubeconfig FILE");
  });

  it("exits 1 with one line when a setting is wrong", async () => {
    expect(await once(start(["--server", "ftp://x"]), "close")).toEqual([1, null]);
    expect(output).toBe('drover-agent: --server must be an https URL, not "ftp://x"\n');
  });

  it("opens both sessions, registers once, comes back after a loss, and stops with code 0", async () => {
    const sockets = new WebSocketServer({ server });
    const open: WebSocket[] = [];
    sockets.on("connection", (socket) => open.push(socket));
    const process = start(trusting());
    await vi.waitUntil(() => open.length === 2, { timeout: 10_000 });
    expect(new Set(upgrades.map(({ url }) => url))).toEqual(new Set(["/v3/connect", "/v3/connect/register"]));
    const main = upgrades.find((incoming) => incoming.url === "/v3/connect/register");
    expect(main?.headers["x-api-tunnel-token"]).toBe(token);
    const params = Buffer.from(String(main?.headers["x-api-tunnel-params"]), "base64").toString();
    expect(JSON.parse(params)).toEqual({
      cluster: {
        address: `127.0.0.1:${apiserver.access.port}`,
        caCert: Buffer.from(apiserver.access.ca).toString("base64"),
        token: accountToken,
      },
    });
    const steve = upgrades.find((incoming) => incoming.url === "/v3/connect");
    expect(steve?.headers.authorization).toBe(`Bearer stv-cluster-${token}`);

    for (const socket of open) socket.terminate();
    await vi.waitUntil(() => open.length === 4, { timeout: 10_000 });
    expect(upgrades.slice(2).map((incoming) => incoming.url)).toEqual(["/v3/connect", "/v3/connect"]);
    expect(output).toContain("main session: lost (close code 1006)");

    const codes = open.slice(2).map(async (socket) => (await once(socket, "close"))[0] as number);
    process.kill("SIGTERM");
    expect(await once(process, "close")).toEqual([0, null]);
    expect(await Promise.all(codes)).toEqual([1001, 1001]);
    for (const secret of [token, accountToken, "the-operators-own"]) expect(output).not.toContain(secret);
  });

  it("says why it is refused, and the watchdog ends it with code 3", async () => {
    server.on("upgrade", (_incoming, socket) =>
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 21\r\n\r\nfailed authentication"),
    );
    const process = start(trusting(), { DROVER_AGENT_WATCHDOG_SECONDS: "2" });
    expect(await once(process, "close")).toEqual([3, null]);
    expect(output).toContain(
      "main session: refused with HTTP 401 (failed authentication): the cluster was deleted",
    );
    expect(output).toContain("exiting to be started afresh");
  });

  it("waits for a server that is not there yet, and can be stopped meanwhile", async () => {
    const process = start(["--server", "https://127.0.0.1:9", ...trusting()]);
    await vi.waitUntil(() => output.includes("next attempt"), { timeout: 10_000 });
    process.kill("SIGINT");
    expect(await once(process, "close")).toEqual([0, null]);
    expect(output).toContain("https://127.0.0.1:9/ping: connect ECONNREFUSED");
  });

  it("exits 1 when the server's CA is not the manifest's", async () => {
    server.removeAllListeners("request");
    server.on("request", (_incoming, response) =>
      response.end(JSON.stringify({ value: authority.certPem.trim() })),
    );
    const process = start([], { CATTLE_CA_CHECKSUM: "0".repeat(64), STRICT_VERIFY: "true" });
    expect(await once(process, "close")).toEqual([1, null]);
    expect(output).toMatch(
      /drover-agent: the CA at .* has checksum [0-9a-f]{64}, the manifest expects 0{64}/,
    );
    expect(upgrades).toEqual([]);
  });
});

describe("tunnelParams", () => {
  it("is base64 of JSON in one line with sorted keys, as tunnel.md 2.3 has it; IPv6 hosts are bracketed", () => {
    const kube = { host: "10.43.0.1", port: 443, ca: "CA", bearer: () => undefined };
    expect(tunnelParams({ kube, accountToken: "tok" })).toBe(
      "eyJjbHVzdGVyIjp7ImFkZHJlc3MiOiIxMC40My4wLjE6NDQzIiwiY2FDZXJ0IjoiUTBFPSIsInRva2VuIjoidG9rIn19",
    );
    const decoded = Buffer.from(
      tunnelParams({ kube: { ...kube, host: "fd00::1" }, accountToken: "t" }),
      "base64",
    );
    expect(JSON.parse(decoded.toString())).toMatchObject({ cluster: { address: "[fd00::1]:443" } });
  });
});
