/**
 * What every installation has: signing keys, namespaces, settings, built-in roles and ClusterRoles, one administrator. Safe to
 * run at every start, in several places at once, and after a crash at any line; writes nothing when all is there.
 */
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { createKeyStore } from "../identity/service-accounts/key-store.ts";
import { openSql } from "../store/open-sql.ts";
import { openStore } from "../store/open-store.ts";
import { sealerOf } from "../store/sealer-of.ts";
import { seedAdministrator } from "./administrator.ts";
import { seedApiServices } from "./api-services.ts";
import { seedBuiltInTypes } from "./built-in-types.ts";
import { seedClusterRoles } from "./cluster-roles.ts";
import { seedDefaults } from "./defaults.ts";
import { seedCredentialSchemas, seedKontainerDrivers, seedNodeDrivers } from "./drivers.ts";
import { seedLocalCluster } from "./local-cluster.ts";
import { seedNamespaceDefaults } from "./namespace-defaults.ts";
import {
  seedAuthConfigs,
  seedClusterRepos,
  seedPodSecurityTemplates,
  seedProxyEndpoints,
} from "./management.ts";
import { seedFeatures, seedSettings } from "./settings.ts";
import { createSettings } from "../settings/settings.ts";
import type { SeedInput, SeedResult } from "./input.ts";

export async function seed(env: Env, input: SeedInput): Promise<SeedResult> {
  await createKeyStore(() => openSql(env), sealerOf(env)).load();
  const whole = openStore(env);
  const store = whole.as(systemActor("seed"));
  await seedDefaults(store);
  // The launcher may know better than the environment of a Worker that still runs.
  await seedSettings(store, {
    ...env,
    ...(input.serverUrl === undefined ? {} : { DROVER_SERVER_URL: input.serverUrl }),
    ...(input.cacerts === undefined ? {} : { DROVER_CACERTS: input.cacerts }),
  });
  await seedNamespaceDefaults(env, store);
  await seedFeatures(store, input.features ?? env.CATTLE_FEATURES ?? "");
  const settings = createSettings(env, () => store);
  await seedAuthConfigs(store);
  await seedPodSecurityTemplates(store);
  await seedProxyEndpoints(store, await settings.get("disable-default-proxy-endpoints"));
  await seedClusterRepos(store, settings.get);
  await seedNodeDrivers(store);
  await seedKontainerDrivers(store);
  await seedCredentialSchemas(store);
  await seedLocalCluster(store, await settings.get("initial-docker-root-dir"));
  await seedClusterRoles(store);
  await seedBuiltInTypes(store, openSql(env));
  await seedApiServices(store, await whole.types.current());
  return seedAdministrator(store, input);
}
