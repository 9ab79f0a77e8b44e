import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reconnectDelay } from "../wire/backoff.ts";
import { ConfigError, readAgentConfig } from "./config.ts";
import { kubeconfigAccess } from "./kube-config.ts";
import { proxyFor } from "./proxy-connect.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "drover-agent-"))));
afterEach(() => rmSync(dir, { recursive: true }));

describe("readAgentConfig", () => {
  it("reads the mounted credentials raw, before the environment", () => {
    writeFileSync(join(dir, "url"), "https://from.the.secret");
    writeFileSync(join(dir, "token"), "secret-token");
    const config = readAgentConfig([], { CATTLE_SERVER: "https://env", STRICT_VERIFY: "true" }, dir);
    expect(config).toMatchObject({
      server: "https://from.the.secret",
      token: "secret-token",
      strictVerify: true,
    });
  });

  it("lets options win over everything", () => {
    writeFileSync(join(dir, "url"), "https://from.the.secret");
    const options = ["--server", "https://option:8443/", "--token", "t"];
    expect(readAgentConfig(options, {}, dir)).toMatchObject({ server: "https://option:8443", token: "t" });
  });

  it("names what is missing or malformed", () => {
    expect(() => readAgentConfig([], {}, dir)).toThrow("missing --server or CATTLE_SERVER");
    expect(() => readAgentConfig(["--server", "https://x"], {}, dir)).toThrow("missing --token");
    const complete = ["--server", "https://x", "--token", "t"];
    const cases: [string[], Record<string, string>, string][] = [
      [["--server", "http://x", "--token", "t"], {}, "must be an https URL"],
      [[...complete, "--bogus"], {}, "--bogus"],
      [[...complete, "--ca", join(dir, "none")], {}, "--ca: ENOENT"],
      [complete, { DROVER_AGENT_WATCHDOG_SECONDS: "soon" }, "DROVER_AGENT_WATCHDOG_SECONDS must be a number"],
    ];
    for (const [options, env, message] of cases) {
      expect(() => readAgentConfig(options, env, dir)).toThrow(ConfigError);
      expect(() => readAgentConfig(options, env, dir)).toThrow(message);
    }
  });

  it("has a watchdog in a cluster, where something starts it afresh", () => {
    const complete = ["--server", "https://x", "--token", "t"];
    expect(readAgentConfig(complete, {}, dir).watchdogMs).toBe(900_000);
    expect(readAgentConfig([...complete, "--kubeconfig", "k"], {}, dir).watchdogMs).toBe(0);
    expect(readAgentConfig(complete, { DROVER_AGENT_WATCHDOG_SECONDS: "60" }, dir).watchdogMs).toBe(60_000);
  });
});

describe("kubeconfigAccess", () => {
  function kubeconfig(user: object, cluster: object): string {
    const path = join(dir, "kubeconfig");
    const contexts = [{ name: "c", context: { cluster: "k", user: "u" } }];
    const document = {
      "current-context": "c",
      contexts,
      clusters: [{ name: "k", cluster }],
      users: [{ name: "u", user }],
    };
    writeFileSync(path, JSON.stringify(document));
    return path;
  }
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it("takes inline data and paths relative to the file", () => {
    writeFileSync(join(dir, "client.crt"), "CERT");
    const path = kubeconfig(
      { "client-certificate": "client.crt", "client-key-data": base64("KEY") },
      { server: "https://[::1]:6443", "certificate-authority-data": base64("CA") },
    );
    expect(kubeconfigAccess(path)).toMatchObject({
      host: "::1",
      port: 6443,
      ca: "CA",
      clientCert: "CERT",
      clientKey: "KEY",
    });
  });

  it("refuses a user that needs a plugin, and a cluster without a CA", () => {
    const cluster = { server: "https://x", "certificate-authority-data": base64("CA") };
    expect(() => kubeconfigAccess(kubeconfig({ exec: {} }, cluster))).toThrow("not supported");
    expect(() => kubeconfigAccess(kubeconfig({}, { server: "https://x" }))).toThrow("certificate-authority");
  });
});

describe("proxyFor", () => {
  const env = { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "localhost,.internal,example.org" };

  it("goes through HTTPS_PROXY unless NO_PROXY names the host or a parent domain", () => {
    expect(proxyFor("drover.example.com", env)?.host).toBe("proxy:3128");
    for (const host of ["localhost", "a.internal", "example.org", "sub.example.org"]) {
      expect([host, proxyFor(host, env)]).toEqual([host, undefined]);
    }
    expect(proxyFor("notexample.org", env)).toBeDefined();
    const networks = { ...env, NO_PROXY: "10.43.0.0/16,fd00::/8" };
    expect(proxyFor("10.43.7.7", networks)).toBeUndefined();
    expect(proxyFor("fd00::1", networks)).toBeUndefined();
    for (const host of ["10.44.0.1", "fe00::1", "10.43.example"])
      expect(proxyFor(host, networks)).toBeDefined();
    expect(proxyFor("anything", { ...env, NO_PROXY: "*" })).toBeUndefined();
    expect(proxyFor("anything", {})).toBeUndefined();
  });
});

describe("reconnectDelay", () => {
  it("grows from half a second to at most 30 s, never without jitter's lower half", () => {
    expect(reconnectDelay(0, () => 1)).toBe(500);
    expect(reconnectDelay(0, () => 0)).toBe(250);
    expect(reconnectDelay(3, () => 1)).toBe(4_000);
    expect(reconnectDelay(1_000, () => 1)).toBe(30_000);
    expect(reconnectDelay(1_000, () => 0)).toBe(15_000);
  });
});
