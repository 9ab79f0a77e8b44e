/** A kubeconfig for a bearer token. */
import { writeFileSync } from "node:fs";

export interface TokenAccess {
  /** `https://host:port`, with a path before `/api` or without. */
  readonly server: string;
  readonly caPem: string;
  readonly token: string;
}

/** Writes the file, which only this user can read. JSON is YAML too. */
export function writeKubeconfig(path: string, { server, caPem, token }: TokenAccess): void {
  const name = "drover";
  const content = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: { server, "certificate-authority-data": Buffer.from(caPem).toString("base64") },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
}
