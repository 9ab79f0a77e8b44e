/** How the nodes of an RKE2 or K3s cluster are configured (controllers.md 5.1): of provisioning clusters and control planes. */
import { once } from "../../structural/once.ts";
import {
  boolean,
  bytes,
  int64,
  integer,
  limit,
  listOf,
  mapOf,
  nullable,
  object,
  open,
  string,
  strings,
  texts,
} from "../../structural/shapes.ts";
import { podParts } from "../core/pod-parts.ts";

export const maybeString = nullable(string);
const secretName = nullable(limit(string, { maxLength: 253 }));

/** A number or a percentage; empty where there is none. */
export const countOrPercent = nullable(
  limit(string, { maxLength: 10, pattern: "^((([1-9]|[1-9][0-9]|100)%)|([1-9][0-9]*|0)|)$" }),
);

export const s3 = once(() =>
  object({
    bucket: nullable(limit(string, { maxLength: 63 })),
    cloudCredentialName: maybeString,
    endpoint: maybeString,
    endpointCA: maybeString,
    folder: maybeString,
    region: maybeString,
    retention: nullable(limit(integer, { minimum: 0 })),
    skipSSLVerify: boolean,
  }),
);

/** What is asked for by raising a generation. */
export const requests = once(
  () =>
    ({
      etcdSnapshotCreate: object({ generation: integer }),
      etcdSnapshotRestore: object({ generation: integer, name: maybeString, restoreRKEConfig: maybeString }),
      rotateCertificates: object({ generation: int64, services: nullable(texts) }),
      rotateEncryptionKeys: object({ generation: int64 }),
    }) as const,
);

const drainOptions = once(() => {
  const hooks = nullable(listOf(object({ annotation: nullable(limit(string, { maxLength: 317 })) })));
  return object({
    deleteEmptyDirData: boolean,
    disableEviction: boolean,
    enabled: boolean,
    force: boolean,
    gracePeriod: integer,
    ignoreDaemonSets: nullable(boolean),
    ignoreErrors: boolean,
    postDrainHooks: hooks,
    preDrainHooks: hooks,
    skipWaitForDeleteTimeoutSeconds: integer,
    timeout: integer,
  });
});

const fileSource = once(() =>
  object(
    {
      defaultPermissions: maybeString,
      items: nullable(
        listOf(
          object(
            {
              dynamic: boolean,
              hash: maybeString,
              key: maybeString,
              path: maybeString,
              permissions: maybeString,
            },
            ["key", "path"],
          ),
        ),
      ),
      name: secretName,
    },
    ["name"],
  ),
);

const registries = once(() =>
  object({
    configs: nullable(
      mapOf(
        object({
          authConfigSecretName: secretName,
          caBundle: nullable(bytes),
          insecureSkipVerify: boolean,
          tlsSecretName: secretName,
        }),
      ),
    ),
    mirrors: nullable(mapOf(object({ endpoint: nullable(texts), rewrite: nullable(strings) }))),
  }),
);

export const agentEnvVars = once(() => nullable(listOf(object({ name: string, value: maybeString }))));
export const localClusterAuthEndpoint = once(() =>
  object({ caCerts: maybeString, enabled: boolean, fqdn: maybeString }),
);

export const clusterConfiguration = once(() => {
  const machineLabelSelector = nullable(podParts().labelSelector);
  const { etcdSnapshotCreate, etcdSnapshotRestore, rotateCertificates, rotateEncryptionKeys } = requests();
  return {
    additionalManifest: maybeString,
    chartValues: nullable(open),
    dataDirectories: object({ k8sDistro: maybeString, provisioning: maybeString, systemAgent: maybeString }),
    etcd: nullable(
      object({
        disableSnapshots: boolean,
        s3: nullable(s3()),
        snapshotRetention: integer,
        snapshotScheduleCron: maybeString,
      }),
    ),
    etcdSnapshotCreate: nullable(etcdSnapshotCreate),
    etcdSnapshotRestore: nullable(etcdSnapshotRestore),
    machineGlobalConfig: nullable(open),
    machineSelectorConfig: nullable(listOf(object({ config: nullable(open), machineLabelSelector }))),
    machineSelectorFiles: nullable(
      listOf(
        object({
          fileSources: nullable(listOf(object({ configMap: fileSource(), secret: fileSource() }))),
          machineLabelSelector,
        }),
      ),
    ),
    networking: nullable(object({ stackPreference: maybeString })),
    provisionGeneration: integer,
    registries: nullable(registries()),
    rotateCertificates: nullable(rotateCertificates),
    rotateEncryptionKeys: nullable(rotateEncryptionKeys),
    upgradeStrategy: object({
      controlPlaneConcurrency: countOrPercent,
      controlPlaneDrainOptions: drainOptions(),
      workerConcurrency: countOrPercent,
      workerDrainOptions: drainOptions(),
    }),
  } as const;
});
