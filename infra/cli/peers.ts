/** `drover peer`: other installations, declared by a Peer and its Secret (docs/design/peers.md). */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { ApiFailure, callJson } from "./client.ts";
import type { Connection } from "./client.ts";
import { writeOut, writeTable } from "./table.ts";

const peersPath = "/apis/drover.io/v1/peers";
const secretsPath = "/api/v1/namespaces/cattle-global-data/secrets";

interface Metadata {
  readonly name: string;
}

interface Peer {
  readonly metadata: Metadata;
  readonly spec: {
    readonly url?: string;
    readonly offeredClusters?: readonly string[];
    readonly usedClusters?: readonly string[];
  };
  readonly status?: { readonly conditions?: readonly { type: string; status: string; message?: string }[] };
}

interface Secret {
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>>;
}

export interface PeerOptions {
  readonly url: string | undefined;
  readonly caFile: string | undefined;
  readonly localId: string | undefined;
  /** Ids of clusters, by commas. */
  readonly offer: string | undefined;
  readonly use: string | undefined;
  /** What we show the peer. */
  readonly outgoing: string | undefined;
}

/** Makes the peer, or changes of it what is given, and prints the secret that it must show. */
export async function addPeer(connection: Connection, name: string, options: PeerOptions): Promise<void> {
  const { url, caFile, localId, offer, use } = options;
  const ids = (text: string): string[] => text.split(",").filter((id) => id !== "");
  const secret = await find<Secret>(connection, `${secretsPath}/peer-${name}`);
  const incoming =
    secret?.data?.["incoming"] ?? Buffer.from(randomBytes(32).toString("base64url")).toString("base64");
  const data = {
    ...secret?.data,
    incoming,
    ...(options.outgoing === undefined ? {} : { outgoing: Buffer.from(options.outgoing).toString("base64") }),
  };
  await write(connection, secretsPath, secret, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...secret?.metadata, name: `peer-${name}` },
    data,
  });
  const peer = await find<Peer>(connection, `${peersPath}/${name}`);
  await write(connection, peersPath, peer, {
    apiVersion: "drover.io/v1",
    kind: "Peer",
    metadata: { ...peer?.metadata, name },
    spec: {
      ...peer?.spec,
      ...(url === undefined ? {} : { url }),
      ...(caFile === undefined ? {} : { caCert: readFileSync(caFile, "utf8") }),
      ...(localId === undefined ? {} : { localId }),
      ...(offer === undefined ? {} : { offeredClusters: ids(offer) }),
      ...(use === undefined ? {} : { usedClusters: ids(use) }),
    },
  });
  process.stderr.write(`Peer ${name} is declared. It has to show this secret:\n`);
  await writeOut(`${Buffer.from(incoming, "base64").toString()}\n`);
}

export async function listPeers(connection: Connection): Promise<void> {
  const { items } = await callJson<{ items: Peer[] }>(connection, "GET", peersPath);
  const rows = items.map(({ metadata, spec, status }) => {
    const condition = (type: string) => status?.conditions?.find((one) => one.type === type);
    return [
      metadata.name,
      condition("Dialled")?.status ?? "-",
      condition("Accepted")?.status ?? "-",
      (spec.offeredClusters ?? []).join(",") || "-",
      (spec.usedClusters ?? []).join(",") || "-",
      spec.url ?? "-",
      condition("Dialled")?.message ?? "",
    ];
  });
  await writeTable([["NAME", "DIALLED", "ACCEPTED", "OFFERED", "USED", "URL", "MESSAGE"], ...rows]);
}

export async function removePeer(connection: Connection, name: string): Promise<void> {
  await callJson(connection, "DELETE", `${peersPath}/${name}`);
  if ((await find(connection, `${secretsPath}/peer-${name}`)) !== undefined)
    await callJson(connection, "DELETE", `${secretsPath}/peer-${name}`);
}

async function find<T>(connection: Connection, path: string): Promise<T | undefined> {
  try {
    return await callJson<T>(connection, "GET", path);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return undefined;
    throw error;
  }
}

async function write(
  connection: Connection,
  collection: string,
  existing: unknown,
  object: { readonly metadata: Metadata; readonly [member: string]: unknown },
): Promise<void> {
  if (existing === undefined) await callJson(connection, "POST", collection, object);
  else await callJson(connection, "PUT", `${collection}/${object.metadata.name}`, object);
}
