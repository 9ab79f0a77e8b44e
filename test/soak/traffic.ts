/** What clients do with a cluster meanwhile. An answer may be an error that says so, or a broken connection; never wrong bytes, and never nothing. */
import { createHash } from "node:crypto";
import { Agent, request } from "node:https";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

/** Twice what a silent agent of a used cluster may take to be found. */
const hangMs = 180_000;
const downloadBytes = 4 << 20;
const uploadBytes = 2 << 20;

export interface Outcomes {
  readonly counts: Map<string, number>;
  /** What must not happen. */
  readonly faults: string[];
}

export interface Site {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** One kind of use again and again, until `signal`. */
export type Use = (site: Site, outcomes: Outcomes, signal: AbortSignal) => Promise<void>;

export const uses: readonly Use[] = [
  repeated("small", 50, (ask) => ask.get("/api/small?bytes=1024", pattern(1_024))),
  repeated("small", 20, (ask) => ask.get("/api/small?bytes=100", pattern(100))),
  repeated("download", 500, (ask) => ask.get(`/api/download?bytes=${downloadBytes}`, pattern(downloadBytes))),
  repeated("upload", 500, (ask) => ask.upload()),
  repeated("slow reader", 1_000, (ask) => ask.readSlowly()),
  repeated("watch", 1_000, (ask) => ask.watch()),
  repeated("never answered", 3_000, (ask) => ask.leave("/api/never")),
  repeated("echo", 500, (ask) => ask.echo()),
];

function repeated(name: string, everyMs: number, once: (ask: Asker) => Promise<string>): Use {
  return async (site, { counts, faults }, signal) => {
    const agent = new Agent({ keepAlive: true, ca: site.ca });
    const ask = new Asker(site, agent, signal);
    while (!signal.aborted) {
      const began = performance.now();
      let result: string;
      try {
        result = await once(ask);
      } catch (error) {
        result = error instanceof Wrong ? "fault" : "broken";
        if (error instanceof Wrong) faults.push(`${name}: ${error.message}`);
      }
      if (!signal.aborted && performance.now() - began > hangMs)
        faults.push(`${name}: nothing for ${hangMs / 1_000} s`);
      const key = `${name}: ${result}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
    agent.destroy();
  };
}

/** Bytes that nobody sent, or an error in no form that clients know. */
class Wrong extends Error {}

class Asker {
  readonly #site: Site;
  readonly #agent: Agent;
  readonly #signal: AbortSignal;

  constructor(site: Site, agent: Agent, signal: AbortSignal) {
    this.#site = site;
    this.#agent = agent;
    this.#signal = signal;
  }

  #open(path: string, method = "GET", body?: Buffer, signal = this.#signal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.#site.url + path,
        {
          method,
          agent: this.#agent,
          signal,
          headers: {
            authorization: `Bearer ${this.#site.token}`,
            ...(body === undefined ? {} : { "content-length": body.length }),
          },
        },
        resolve,
      );
      outgoing.setTimeout(hangMs + 10_000, () => outgoing.destroy(new Error("hangs")));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  async get(path: string, wanted: Buffer): Promise<string> {
    const answer = await this.#open(path);
    const got = await bytesOf(answer);
    if (answer.statusCode !== 200) return refusal(answer.statusCode, got);
    if (!got.equals(wanted)) throw new Wrong(`${got.length} bytes for ${path} are not those that were sent`);
    return "ok";
  }

  async upload(): Promise<string> {
    const body = pattern(uploadBytes);
    const answer = await this.#open("/api/upload", "POST", body);
    const got = await bytesOf(answer);
    if (answer.statusCode !== 200) return refusal(answer.statusCode, got);
    const { sha256 } = JSON.parse(got.toString()) as { sha256: string };
    if (sha256 !== createHash("sha256").update(body).digest("hex"))
      throw new Wrong("other bytes arrived than were sent");
    return "ok";
  }

  /** Takes 4 MiB of an endless download, 128 KiB a second time, and leaves. */
  async readSlowly(): Promise<string> {
    const answer = await this.#open(`/api/download?bytes=${1 << 30}`);
    if (answer.statusCode !== 200) return refusal(answer.statusCode, await bytesOf(answer));
    let taken = 0;
    for await (const chunk of answer) {
      taken += (chunk as Buffer).length;
      if (taken > 4 << 20) break;
      await sleep(50);
    }
    return "ok";
  }

  /** Numbers that follow one another, for 5 s. */
  async watch(): Promise<string> {
    const answer = await this.#open("/api/ticks");
    if (answer.statusCode !== 200) return refusal(answer.statusCode, await bytesOf(answer));
    const until = performance.now() + 5_000;
    let text = "";
    let next = 0;
    for await (const chunk of answer) {
      text += String(chunk);
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) if (Number(line) !== next++) throw new Wrong(`the watch lost ${next - 1}`);
      if (performance.now() > until) break;
    }
    return "ok";
  }

  /** Gives up after a moment: the stream must go. */
  async leave(path: string): Promise<string> {
    const answer = await this.#open(
      path,
      "GET",
      undefined,
      AbortSignal.any([this.#signal, AbortSignal.timeout(1_000)]),
    ).catch(() => undefined);
    return answer === undefined ? "left" : refusal(answer.statusCode, await bytesOf(answer));
  }

  async echo(): Promise<string> {
    const socket = new WebSocket(`${this.#site.url.replace("http", "ws")}/api/ws`, {
      ca: this.#site.ca,
      headers: { authorization: `Bearer ${this.#site.token}` },
      handshakeTimeout: hangMs,
    });
    return new Promise((resolve, reject) => {
      let sent = 0;
      let got = 0;
      this.#signal.addEventListener("abort", () => reject(new Error("over")), { once: true });
      socket.on("open", () => socket.send(`key ${sent++}`));
      socket.on("message", (data: Buffer) => {
        if (data.toString() !== `key ${got++}`) reject(new Wrong("an echo of something else"));
        else if (got === 20) resolve("ok");
        else socket.send(`key ${sent++}`);
      });
      socket.on("unexpected-response", (_request, answer) => {
        bytesOf(answer)
          .then((body) => resolve(refusal(answer.statusCode, body)))
          .catch(reject);
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed")));
    }).finally(() => socket.terminate()) as Promise<string>;
  }
}

/** Errors are Kubernetes Status objects, whatever broke. */
function refusal(status = 0, body: Buffer): string {
  if (status === 502 || status === 503 || status === 429) {
    const { kind } = JSON.parse(body.toString() || "{}") as { kind?: string };
    if (kind === "Status") return String(status);
  }
  throw new Wrong(`HTTP ${status} ${body.toString().slice(0, 200)}`);
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const patterns = new Map<number, Buffer>();

/** What the Go backend sends: byte i is (i*31 >> 3). */
function pattern(length: number): Buffer {
  const known =
    patterns.get(length) ??
    Buffer.from(Uint8Array.from({ length }, (_, at) => Math.floor((at * 31) / 8) & 0xff));
  patterns.set(length, known);
  return known;
}
