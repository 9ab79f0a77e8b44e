/** The same requests to Drover and to a kube-apiserver, and what of their answers can be compared. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { restAt } from "./rest.ts";
import type { Reply, Rest } from "./rest.ts";

export interface Answer {
  readonly status: number;
  readonly reason: unknown;
  /** Fields and reasons. Go has no order of them. */
  readonly causes: unknown;
  readonly message: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type Send = (line: string, body?: unknown, type?: string) => Promise<Answer>;

/** `path`: what all paths begin with. */
export function sender(rest: Rest, path = "", token?: string): Send {
  return async (line, body, type = "application/json") => {
    const sent = body === undefined ? {} : { body, headers: { "content-type": type } };
    const named = line.replace(" ", ` ${path}`);
    return answerOf(await rest(named, { ...sent, ...(token === undefined ? {} : { token }) }));
  };
}

function answerOf({ status, json, text }: Reply): Answer {
  const details = json["details"] as { causes?: { reason: string; field: string }[] } | undefined;
  const causes = details?.causes?.map(({ reason, field }) => `${field}: ${reason}`).toSorted();
  return { status, reason: json["reason"], causes, message: String(json["message"]), json, text };
}

/** As the administrator of a kubeconfig with a client certificate. */
export function senderOf(kubeconfig: string): Send {
  const { clusters, users } = parse(readFileSync(kubeconfig, "utf8")) as {
    clusters: { cluster: { server: string; "certificate-authority-data": string } }[];
    users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
  };
  const { cluster } = clusters[0] ?? {};
  const { user } = users[0] ?? {};
  const pem = (data = ""): string => Buffer.from(data, "base64").toString();
  const { hostname: host, port } = new URL(cluster?.server ?? "");
  const rest = restAt({
    host,
    port,
    ca: pem(cluster?.["certificate-authority-data"]),
    cert: pem(user?.["client-certificate-data"]),
    key: pem(user?.["client-key-data"]),
  });
  return sender(rest);
}

/** Without what two servers cannot have in common. */
export function lasting(value: unknown): unknown {
  const moving = ["uid", "resourceVersion", "creationTimestamp", "managedFields"];
  if (Array.isArray(value)) return value.map(lasting);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !moving.includes(name));
  return Object.fromEntries(members.map(([name, member]) => [name, lasting(member)]));
}
