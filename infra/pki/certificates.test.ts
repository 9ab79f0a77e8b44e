import { execFile, execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureLocalCertificate, machineNames, readProvidedCertificate } from "./certificates.ts";

const DAY_MS = 86_400_000;
const NAMES = ["localhost", "127.0.0.1", "::1", "2001:db8::12:0:1", "drover.example.com"];
const curl = promisify(execFile);
const installed = (command: string) => spawnSync(command, ["--version"]).error === undefined;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "drover-tls-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("the local CA", () => {
  it("is accepted by Node for every name and address of the certificate, and for no other", async () => {
    const made = ensureLocalCertificate(dir, NAMES);
    const leaf = new X509Certificate(made.certPem);
    expect(leaf.checkIP("2001:db8::12:0:1")).toBeDefined();
    const server = createServer({ cert: made.certPem, key: made.keyPem }, (socket) => socket.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const greet = async (servername: string) => {
      const socket = connect({ port, host: "127.0.0.1", servername, ca: made.caPem });
      const [data] = (await once(socket, "data")) as [Buffer];
      return data.toString();
    };
    expect(await greet("localhost")).toBe("hello");
    expect(await greet("drover.example.com")).toBe("hello");
    await expect(greet("other.example.com")).rejects.toThrow(/altnames/);
    server.close();
  });

  it.skipIf(!installed("openssl"))("passes OpenSSL's strict X.509 checks", () => {
    ensureLocalCertificate(dir, NAMES);
    const flags = ["-x509_strict", "-check_ss_sig", "-purpose", "sslserver", "-verify_ip", "::1"];
    const output = execFileSync("openssl", [
      "verify",
      ...flags,
      "-CAfile",
      join(dir, "ca.crt"),
      join(dir, "server.crt"),
    ]);
    expect(output.toString()).toContain("OK");
  });

  it.skipIf(!installed("curl"))("is trusted by curl", async () => {
    const made = ensureLocalCertificate(dir, NAMES);
    const server = createServer({ cert: made.certPem, key: made.keyPem }, (socket) => {
      socket.once("data", () =>
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { stdout } = await curl("curl", [
      "-s",
      "--cacert",
      join(dir, "ca.crt"),
      `https://localhost:${port}/`,
    ]);
    expect(stdout).toBe("ok");
    await expect(curl("curl", ["-s", `https://localhost:${port}/`])).rejects.toMatchObject({ code: 60 });
    server.close();
  });

  it("keeps private keys from other users", () => {
    ensureLocalCertificate(dir, NAMES);
    for (const name of ["ca.key", "server.key"]) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
  });

  it("keeps the certificate while the names stay and time is left, and the CA always", () => {
    const first = ensureLocalCertificate(dir, NAMES);
    expect(ensureLocalCertificate(dir, NAMES).certPem).toBe(first.certPem);
    const fewer = ensureLocalCertificate(dir, NAMES.slice(1));
    expect(fewer.certPem).not.toBe(first.certPem);
    expect(fewer.caPem).toBe(first.caPem);
    const end = new Date(new X509Certificate(fewer.certPem).validTo).getTime();
    const early = ensureLocalCertificate(dir, NAMES.slice(1), new Date(end - 31 * DAY_MS));
    expect(early.certPem).toBe(fewer.certPem);
    const late = ensureLocalCertificate(dir, NAMES.slice(1), new Date(end - 29 * DAY_MS));
    expect(late.certPem).not.toBe(fewer.certPem);
  });

  it("is valid for ten years, its certificates for no more than 825 days and never longer than itself", () => {
    const now = new Date("2026-05-01T00:00:00Z");
    const made = ensureLocalCertificate(dir, NAMES, now);
    const span = (pem: string) => {
      const { validFrom, validTo } = new X509Certificate(pem);
      return (new Date(validTo).getTime() - new Date(validFrom).getTime()) / DAY_MS;
    };
    expect(span(made.caPem)).toBeCloseTo(3650, 0);
    expect(span(made.certPem)).toBeLessThanOrEqual(825);
    const caEnd = new Date(new X509Certificate(made.caPem).validTo).getTime();
    const last = ensureLocalCertificate(dir, NAMES, new Date(caEnd - 100 * DAY_MS));
    expect(new Date(new X509Certificate(last.certPem).validTo).getTime()).toBeLessThanOrEqual(caEnd);
    expect(() => ensureLocalCertificate(dir, NAMES, new Date(caEnd - DAY_MS))).toThrow(/local CA .* ends on/);
  });

  it("renews a certificate whose key does not fit", () => {
    const first = ensureLocalCertificate(dir, NAMES);
    const other = mkdtempSync(join(tmpdir(), "drover-tls-"));
    const foreign = ensureLocalCertificate(other, NAMES);
    rmSync(other, { recursive: true });
    writeFileSync(join(dir, "server.key"), foreign.keyPem);
    const healed = ensureLocalCertificate(dir, NAMES);
    expect(healed.certPem).not.toBe(first.certPem);
    expect(readFileSync(join(dir, "server.key"), "utf8")).toBe(healed.keyPem);
  });
});

describe("machineNames", () => {
  it("holds the loopback names and what is asked for, once each, and no wildcard address", () => {
    const names = machineNames(["0.0.0.0", "::", "Drover.Example.com", "localhost", "not a name"]);
    expect(names.slice(0, 3)).toEqual(["localhost", "127.0.0.1", "::1"]);
    expect(names).toContain("drover.example.com");
    expect(names.filter((name) => name === "localhost")).toHaveLength(1);
    for (const absent of ["0.0.0.0", "::", "not a name"]) expect(names).not.toContain(absent);
  });
});

describe("a provided certificate", () => {
  it("is taken as it is, with its CA", () => {
    const made = ensureLocalCertificate(dir, NAMES);
    const paths = { cert: join(dir, "server.crt"), key: join(dir, "server.key") };
    expect(readProvidedCertificate(paths)).toEqual({ certPem: made.certPem, keyPem: made.keyPem, caPem: "" });
    expect(readProvidedCertificate({ ...paths, ca: join(dir, "ca.crt") }).caPem).toBe(made.caPem);
  });

  it("is refused with the option's name when a file is missing, is no certificate, or the key is another one's", () => {
    ensureLocalCertificate(dir, NAMES);
    const cert = join(dir, "server.crt");
    const key = join(dir, "server.key");
    expect(() => readProvidedCertificate({ cert: join(dir, "none"), key })).toThrow(/^--tls-cert .*ENOENT/);
    expect(() => readProvidedCertificate({ cert: key, key })).toThrow(/^--tls-cert /);
    expect(() => readProvidedCertificate({ cert, key: cert })).toThrow(/^--tls-key /);
    expect(() => readProvidedCertificate({ cert, key: join(dir, "ca.key") })).toThrow(
      /is not the key of --tls-cert/,
    );
    expect(() => readProvidedCertificate({ cert, key, ca: key })).toThrow(/^--tls-ca /);
  });
});
