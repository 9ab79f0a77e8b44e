/**
 * Which certificates the agent trusts for the server (tunnel.md 2.2 steps 1-4, 2.9). The published CA counts only when
 * its checksum is the one in the manifest; in strict mode nothing but it is trusted, for the tunnel too.
 */
import { createHash, X509Certificate } from "node:crypto";
import { get } from "node:https";
import { rootCertificates } from "node:tls";
import { ConfigError } from "./config.ts";
import type { AgentConfig } from "./config.ts";
import { routeTo } from "./route.ts";

export interface Trust {
  /** For every TLS connection to the server. Absent = the system's trust store alone. */
  readonly ca?: string[];
  /** Where the answer came from, for the log. */
  readonly source: "option" | "published" | "system";
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * Throws with a sentence for the operator: ConfigError when only another manifest helps, else an Error of a server
 * that does not answer (yet).
 */
export async function establishTrust(config: AgentConfig, env: Environment): Promise<Trust> {
  const trust = await trustFor(config, env);
  const answer = await fetchText(config, "/ping", trust.ca === undefined ? {} : { ca: trust.ca }, env);
  if (answer.status >= 400) throw new Error(`${config.server}/ping answered ${answer.status}`);
  return trust;
}

async function trustFor(config: AgentConfig, env: Environment): Promise<Trust> {
  if (config.ca !== undefined) return { ca: [config.ca], source: "option" };
  if (config.caChecksum === "") {
    if (!config.strictVerify) return { source: "system" };
    throw new ConfigError("STRICT_VERIFY is on but the server publishes no CA (CATTLE_CA_CHECKSUM is empty)");
  }
  const published = await publishedCa(config, env);
  // Not strict: a server behind a public certificate may publish a CA all the same.
  const ca = config.strictVerify ? [published] : [published, ...rootCertificates];
  return { ca, source: "published" };
}

/** The only request without verification: what it returns is worth nothing before its checksum matches. */
async function publishedCa(config: AgentConfig, env: Environment): Promise<string> {
  const path = "/v3/settings/cacerts";
  const url = `${config.server}${path}`;
  const answer = await fetchText(config, path, { rejectUnauthorized: false }, env);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  const setting: unknown = JSON.parse(answer.text);
  const value = typeof setting === "object" && setting !== null && "value" in setting ? setting.value : "";
  if (typeof value !== "string" || value === "")
    throw new ConfigError(`${url} publishes no CA, but the manifest expects one`);
  const checksum = createHash("sha256").update(`${value}\n`).digest("hex");
  if (checksum !== config.caChecksum) {
    throw new ConfigError(
      `the CA at ${url} has checksum ${checksum}, the manifest expects ${config.caChecksum}: ` +
        "apply the cluster's current import manifest if Drover's CA was replaced",
    );
  }
  void new X509Certificate(value).subject; // throws unless the text is a certificate
  return `${value}\n`;
}

function fetchText(
  config: AgentConfig,
  path: string,
  tls: { ca?: string[]; rejectUnauthorized?: boolean },
  env: Environment,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const url = `${config.server}${path}`;
  const outgoing = get(url, { ...routeTo(config.server, tls, env), timeout: 10_000 }, (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", reject);
    incoming.on("end", () => {
      resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
    });
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`${url}: no answer within 10 s`)));
  outgoing.on("error", (error) => reject(new Error(`${url}: ${error.message}`)));
  return promise;
}
