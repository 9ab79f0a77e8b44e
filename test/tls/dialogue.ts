/** A client and a scripted server with nothing between them but what a test puts there. */
import { TlsClient } from "../../wire/tls/client.ts";
import type { TlsClientOptions } from "../../wire/tls/client.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import type { Identity } from "./certificates.ts";
import { ScriptedServer } from "./scripted-server.ts";
import type { Script } from "./scripted-server.ts";

export interface Dialogue {
  readonly client: TlsClient;
  readonly server: ScriptedServer;
  readonly log: string[];
  /** Does that, and runs until neither has anything to say. */
  readonly act: (what: () => void) => void;
  readonly received: () => string;
  /** What the client said when it gave up, and what it told the server: `bad_certificate: …`. */
  readonly error: () => string | undefined;
}

export interface DialogueOptions extends Partial<Omit<TlsClientOptions, "anchors">> {
  /** PEM. */
  readonly ca: string;
  readonly script?: Script;
  /** Server's bytes arrive in pieces of this size. */
  readonly pieces?: number;
}

/** Runs until neither has anything to say. */
export function converse(identity: Identity, options: DialogueOptions): Dialogue {
  const { ca, script, pieces = Infinity, ...rest } = options;
  const log: string[] = [];
  let received = "";
  let error: string | undefined;
  const toClient: Uint8Array[] = [];
  const toServer: Uint8Array[] = [];
  const server = new ScriptedServer(identity, script);
  const client = new TlsClient(
    { host: "kube.example.com", anchors: parseTrustAnchors(ca), ...rest },
    {
      send: (bytes) => toServer.push(bytes),
      onSecure: ({ version, suite, protocol }) =>
        log.push(`secure ${version} ${suite.name} ${protocol ?? "-"}`),
      onData: (chunk) => (received += new TextDecoder().decode(chunk)),
      onEnd: () => log.push("end"),
      onError: (problem) => {
        error = `${problem.alert ?? "-"}: ${problem.message}`;
        log.push("error");
      },
    },
  );
  server.onSend = (bytes) => toClient.push(bytes);
  const run = (): void => {
    for (;;) {
      const up = toServer.shift();
      if (up !== undefined) {
        server.receive(up);
        continue;
      }
      const down = toClient.shift();
      if (down === undefined) return;
      for (let at = 0; at < down.length; at += pieces) client.receive(down.slice(at, at + pieces));
    }
  };
  const act = (what: () => void): void => {
    what();
    run();
  };
  act(() => client.start());
  return { client, server, log, act, received: () => received, error: () => error };
}
