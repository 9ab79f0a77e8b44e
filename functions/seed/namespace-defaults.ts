/** The namespaces that Kubernetes always has; and work for those that lack their defaults, as those of an older version do. */
import { namespaces } from "../../schema/resources/core/namespaces.ts";
import type { Namespace } from "../../schema/resources/core/namespaces.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { enqueueWork } from "../../schema/store/work.ts";
import type { Env } from "../env.ts";
import {
  allNamespaces,
  lackingNamespaces,
  namespaceDefaults,
  systemNamespaces,
} from "../scheduled/namespace-defaults.ts";
import { openSql } from "../store/open-sql.ts";
import { poke } from "../store/open-store.ts";
import { createLogger } from "../../schema/logger.ts";
import { ensure } from "./ensure.ts";

/** What is made here calls for its own work. */
export async function seedNamespaceDefaults(env: Env, store: BoundStore): Promise<void> {
  if ((await lackingNamespaces({ env, store }, 1)).length > 0) {
    const runAt = Date.now();
    await enqueueWork(openSql(env), [{ controller: namespaceDefaults.name, key: allNamespaces, runAt }]);
    await poke(env, createLogger(env.DROVER_LOG_LEVEL), runAt);
  }
  await ensure<Namespace>(
    store,
    namespaces,
    systemNamespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  );
}
