import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
// oxlint-disable-next-line no-restricted-imports -- certificates for tests only
import { createAuthority } from "../test/testbed/certs.ts";
import { ConfigError } from "./config.ts";
import type { AgentConfig } from "./config.ts";
import { establishTrust } from "./trust.ts";

const authority = createAuthority("drover ca");
const { certPem, keyPem } = authority.server("drover", ["127.0.0.1", "drover.test"]);
const published = authority.certPem.trim();
const checksum = createHash("sha256").update(`${published}\n`).digest("hex");

describe("establishTrust", () => {
  let server: Server;
  let port: number;
  let pingStatus: number;

  beforeEach(async () => {
    pingStatus = 200;
    server = createServer({ cert: certPem, key: keyPem }, (incoming, response) => {
      response.statusCode = incoming.url === "/ping" ? pingStatus : 200;
      response.end(incoming.url === "/ping" ? "pong" : JSON.stringify({ value: published }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function config(extra: Partial<AgentConfig>): AgentConfig {
    return {
      server: `https://127.0.0.1:${port}`,
      token: "t",
      caChecksum: "",
      strictVerify: false,
      registered: false,
      watchdogMs: 0,
      logLevel: "info",
      ...extra,
    };
  }

  it("tunnel 37: takes the published CA when its value plus a newline has the manifest's checksum", async () => {
    const strict = await establishTrust(config({ caChecksum: checksum, strictVerify: true }), {});
    expect(strict).toEqual({ ca: [`${published}\n`], source: "published" });
    const loose = await establishTrust(config({ caChecksum: checksum }), {});
    expect(loose.ca?.length).toBeGreaterThan(100);
  });

  it("refuses another CA for good, and strict mode without a checksum", async () => {
    const other = establishTrust(config({ caChecksum: "0".repeat(64) }), {});
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow("the manifest expects 000");
    await expect(establishTrust(config({ strictVerify: true }), {})).rejects.toThrow(ConfigError);
  });

  it("does not trust a private CA that nobody vouched for", async () => {
    const failure = await establishTrust(config({}), {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(/certificate/) });
    expect(failure).not.toBeInstanceOf(ConfigError);
  });

  it("takes --ca as it is, and may try again when the server does not answer well", async () => {
    const own = config({ ca: authority.certPem });
    expect(await establishTrust(own, {})).toMatchObject({ source: "option" });
    pingStatus = 503;
    const failure = await establishTrust(own, {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: `https://127.0.0.1:${port}/ping answered 503` });
    expect(failure).not.toBeInstanceOf(ConfigError);
  });

  describe("behind a proxy", () => {
    let proxy: Server;
    let asked: string[];
    let allow: boolean;

    beforeEach(async () => {
      asked = [];
      allow = true;
      proxy = createHttpServer().listen(0, "127.0.0.1");
      proxy.on("connect", (incoming: IncomingMessage, client: Socket) => {
        asked.push(`${incoming.url} ${incoming.headers["proxy-authorization"]}`);
        if (!allow) {
          client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
          return;
        }
        // The proxy alone knows where drover.test is.
        const upstream = connect(port, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 Connection established\r\n\r\n");
          client.pipe(upstream).pipe(client);
        });
        for (const socket of [client, upstream]) socket.on("error", () => undefined);
      });
      await once(proxy, "listening");
    });
    afterEach(() => {
      proxy.closeAllConnections();
      proxy.close();
    });

    const through = () => ({
      HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    });

    it("goes through it, and still checks the server's name and CA", async () => {
      const own = config({ ca: authority.certPem, server: "https://drover.test:8443" });
      expect(await establishTrust(own, through())).toMatchObject({ source: "option" });
      expect(asked).toEqual([`drover.test:8443 Basic ${Buffer.from("me:p@ss").toString("base64")}`]);
      const wrongName = config({ ca: authority.certPem, server: "https://other.test" });
      await expect(establishTrust(wrongName, through())).rejects.toThrow("altnames");
      const wrongCa = config({ server: "https://drover.test" });
      await expect(establishTrust(wrongCa, through())).rejects.toThrow("certificate");
    });

    it("says so when the proxy refuses", async () => {
      allow = false;
      const own = config({ ca: authority.certPem, server: "https://drover.test" });
      await expect(establishTrust(own, through())).rejects.toThrow("answered 403 to CONNECT drover.test:443");
    });
  });
});
