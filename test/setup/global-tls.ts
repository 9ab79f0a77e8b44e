/** TLS servers of OpenSSL for tests inside workerd, which cannot have one themselves: they send back what they are sent. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import type { Server } from "node:tls";
import type { TestProject } from "vitest/node";
import { makePair } from "../tls/certificates.ts";
import type { KeyKind } from "../tls/certificates.ts";
import type { EchoServer } from "../tls/echo-servers.ts";

const kinds: readonly KeyKind[] = ["P-256", "P-384", "ed25519", "rsa"];

export default async function setup(project: TestProject): Promise<() => void> {
  const servers: Server[] = [];
  const provided: Record<string, EchoServer> = {};
  for (const kind of kinds) {
    const { ca, server: identity } = makePair(kind);
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const server = createServer(
        {
          cert: identity.pem,
          key: identity.keyPem,
          minVersion: version,
          maxVersion: version,
          ALPNProtocols: ["http/1.1"],
        },
        (socket) => {
          socket.on("error", () => undefined);
          socket.pipe(socket);
        },
      );
      server.on("tlsClientError", () => undefined);
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      servers.push(server);
      provided[`${version} ${kind}`] = { port: (server.address() as AddressInfo).port, ca: ca.pem };
    }
  }
  project.provide("tlsServers", provided);
  return () => {
    for (const server of servers) server.close();
  };
}
