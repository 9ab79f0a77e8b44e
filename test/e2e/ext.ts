/** What tests of ext.cattle.io share: users of their own, and kubectl and requests by any token. */
import { join } from "node:path";
import { expect } from "vitest";
import type { KubectlResult } from "../testbed/kubectl.ts";
import { loginAs } from "./drover.ts";
import { kubectlOf, writeLocalKubeconfig } from "./local.ts";
import type { Local } from "./local.ts";
import { restOf } from "./rest.ts";
import type { Json, Rest } from "./rest.ts";

export const extensionApi = "/apis/ext.cattle.io/v1";
/** Of every user that `newUser` makes. */
export const userPassword = "a passphrase of hers";

export interface ExtensionUser {
  readonly id: string;
  /** Of a session. */
  readonly token: string;
}

export interface ExtensionClient {
  readonly rest: Rest;
  /** kubectl with a bearer token in place of the administrator's. */
  readonly as: (token: string, args: readonly string[], input?: object) => Promise<KubectlResult>;
  readonly newUser: (username: string) => Promise<ExtensionUser>;
}

/** Of what `local` gives when it is called. */
export function extensionClient(local: () => Local): ExtensionClient {
  const { run } = kubectlOf(local);
  const rest: Rest = (line, ask) => restOf(local().drover)(line, ask);
  return {
    rest,
    async as(token, args, input) {
      const path = join(local().home, "as");
      writeLocalKubeconfig(path, local().drover, token);
      return run(args, {
        env: { KUBECONFIG: path },
        ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      });
    },
    async newUser(username) {
      const made = await rest("POST /v3/users", {
        token: local().admin.token,
        body: { username, password: userPassword, name: username },
      });
      expect(made.status, made.text).toBe(201);
      const { token } = await loginAs(local().drover, username, userPassword);
      return { id: String(made.json["id"]), token };
    },
  };
}

/** As a client writes one. */
export function extensionObject(kind: string, spec: Json, metadata: Json = {}): Json {
  return { apiVersion: "ext.cattle.io/v1", kind, metadata, spec };
}
