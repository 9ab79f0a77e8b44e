/** What a kube-apiserver is to a test: HTTP/1.1 with keep-alive over TLS, on streams that something else carries. */
import { contentTypes } from "../../wire/tls/protection.ts";
import type { Identity } from "./certificates.ts";
import { ScriptedServer } from "./scripted-server.ts";
import type { Script } from "./scripted-server.ts";

export interface Stream {
  readonly receive: (bytes: Uint8Array) => void;
}

export class ApiServerOfTests {
  /** Changed by a test: what new streams meet. */
  identity: Identity;
  script: Script = {};
  /** Heads of requests, in order. */
  readonly requests: string[] = [];
  streams = 0;
  /** Answers a request; an empty text cuts the stream. */
  respond: (head: string) => string = (head) => respond(200, head.split("\r\n")[0] ?? "");

  constructor(identity: Identity) {
    this.identity = identity;
  }

  accept(send: (bytes: Uint8Array) => void): Stream {
    this.streams++;
    const server = new ScriptedServer(this.identity, this.script);
    server.onSend = send;
    let text = "";
    server.onData = (chunk) => {
      text += new TextDecoder().decode(chunk);
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        this.requests.push(head);
        const answer = this.respond(head);
        if (answer === "") server.record(contentTypes.alert, Uint8Array.of(1, 0));
        else server.data(new TextEncoder().encode(answer));
      }
    };
    return { receive: (bytes) => server.receive(bytes) };
  }
}

export function respond(status: number, body: string): string {
  return `HTTP/1.1 ${status} Whatever\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
