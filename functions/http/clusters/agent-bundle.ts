/** The cluster agent as one file (infra/build/agent.ts), named by its hash: a new one is a new ConfigMap, and rolls out. */
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import text from "../../../dist/agent.txt";
import type { AgentBundle } from "./manifest.ts";

let bundle: Promise<AgentBundle> | undefined;

export function agentBundle(): Promise<AgentBundle> {
  bundle ??= sha256Hex(text).then((hash) => ({ text, hash: hash.slice(0, 10) }));
  return bundle;
}
