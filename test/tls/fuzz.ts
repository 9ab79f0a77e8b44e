/**
 * Fuzzing of the TLS client: hostile bytes where a server's would be. What must hold: nothing is thrown, nothing is an `internal_error`, and a
 * handshake of which one byte was changed on its way never ends in trust. Short in the unit tests, long in `npm run fuzz`.
 */
import { TlsError } from "../../wire/tls/alerts.ts";
import { parseCertificate } from "../../wire/tls/certificate.ts";
import { TlsClient } from "../../wire/tls/client.ts";
import { parseTrustAnchors } from "../../wire/tls/trust.ts";
import { makeCertificate, makePair } from "./certificates.ts";
import { ScriptedServer } from "./scripted-server.ts";

/** Numbers below a bound, the same for the same seed (mulberry32). */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * below);
  };
}

type Random = ReturnType<typeof randomSource>;

export interface FuzzResult {
  readonly rounds: number;
  /** What must not be, with the seed of the round. Empty: all is well. */
  readonly findings: readonly string[];
}

/** `seed`: of the first round; each next one has the next. A tenth of the rounds are whole handshakes, which take milliseconds. */
export function fuzzTls(rounds: number, seed = 1): FuzzResult {
  const { pair, certificates } = (subjects ??= makeSubjects());
  const findings: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const random = randomSource(seed + round);
    const kind = random(10);
    let finding: string | undefined;
    try {
      if (kind === 0) finding = fuzzHandshake(random, pair);
      else if (kind < 4) finding = fuzzRecords(random, pair);
      else finding = fuzzCertificate(random, certificates[random(certificates.length)] ?? pair.ca.raw);
    } catch (error) {
      finding = `thrown: ${String(error)}`;
    }
    if (finding !== undefined) findings.push(`seed ${seed + round}: ${finding}`);
  }
  return { rounds, findings };
}

interface Subjects {
  readonly pair: ReturnType<typeof makePair>;
  readonly certificates: readonly Uint8Array[];
}

/** Keys take long to make: once does for all rounds. */
let subjects: Subjects | undefined;

function makeSubjects(): Subjects {
  const pair = makePair();
  const wild = makeCertificate({
    name: "wild",
    issuer: pair.ca,
    ca: true,
    pathLength: 1,
    names: ["*.example.com", "fd00::1"],
    keyUsage: [0, 5],
    extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"],
    permittedDns: ["example.com"],
  });
  return { pair, certificates: [pair.ca.raw, pair.server.raw, wild.raw, makePair("rsa").server.raw] };
}

/** Some bytes changed, taken out, put in or repeated. */
export function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let list = [...bytes];
  for (let count = 1 + random(4); count > 0; count--) {
    const at = random(list.length + 1);
    switch (random(5)) {
      case 0:
        list[at] = random(256);
        break;
      case 1:
        list[at] = (list[at] ?? 0) ^ (1 << random(8));
        break;
      case 2:
        list.splice(at, 1 + random(4));
        break;
      case 3:
        list.splice(at, 0, ...list.slice(at, at + random(32)));
        break;
      default:
        list = list.slice(0, at);
    }
  }
  return Uint8Array.from(list);
}

/** Reading ends, in a certificate or in a TlsError. */
function fuzzCertificate(random: Random, raw: Uint8Array): string | undefined {
  try {
    parseCertificate(mutate(random, raw));
    return undefined;
  } catch (error) {
    return error instanceof TlsError ? undefined : `a certificate: ${String(error)}`;
  }
}

interface Watched {
  readonly client: TlsClient;
  readonly toServer: Uint8Array[];
  readonly state: { secure: boolean; data: number; error: TlsError | undefined };
}

function watched({ ca }: ReturnType<typeof makePair>): Watched {
  const toServer: Uint8Array[] = [];
  const state: Watched["state"] = { secure: false, data: 0, error: undefined };
  const client = new TlsClient(
    { host: "kube.example.com", anchors: parseTrustAnchors(ca.pem) },
    {
      send: (bytes) => toServer.push(bytes),
      onSecure: () => (state.secure = true),
      onData: (chunk) => (state.data += chunk.length),
      onEnd: () => undefined,
      onError: (error) => (state.error = error),
    },
  );
  client.start();
  return { client, toServer, state };
}

function verdict({ secure, data, error }: Watched["state"]): string | undefined {
  if (error?.alert === "internal_error") return `internal error: ${error.message}`;
  if (secure) return "trust without a proof";
  return data > 0 ? "data without trust" : undefined;
}

/** Records in the clear, well framed or not, before there are keys. */
function fuzzRecords(random: Random, pair: ReturnType<typeof makePair>): string | undefined {
  const talk = watched(pair);
  for (let count = 1 + random(8); count > 0; count--) {
    const body = Uint8Array.from({ length: random(200) }, () => random(256));
    const types = [2, 11, 12, 13, 14, 20, 0, 4, 8];
    if (random(2) === 0)
      body.set([types[random(types.length)] ?? 0, 0, 0, body.length - 4].slice(0, body.length));
    const record = Uint8Array.from([
      20 + random(5),
      3,
      random(4),
      body.length >> 8,
      body.length & 0xff,
      ...body,
    ]);
    talk.client.receive(random(3) === 0 ? mutate(random, record) : record);
  }
  talk.client.receiveEnd();
  return verdict(talk.state);
}

/** A real handshake, of which something is changed on its way. Headers of records in the clear are nobody's word. */
function fuzzHandshake(random: Random, pair: ReturnType<typeof makePair>): string | undefined {
  const talk = watched(pair);
  const server = new ScriptedServer(pair.server);
  const records: Uint8Array[] = [];
  server.onSend = (bytes) => records.push(bytes);
  for (const bytes of talk.toServer.splice(0)) server.receive(bytes);
  const target = random(records.length);
  records.forEach((record, index) => {
    if (index !== target) {
      talk.client.receive(record);
      return;
    }
    const at = 5 + random(record.length - 5);
    if (random(2) === 0) {
      const changed = record.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
      talk.client.receive(changed);
    } else talk.client.receive(record.subarray(0, at));
  });
  talk.client.receiveEnd();
  return verdict(talk.state);
}
