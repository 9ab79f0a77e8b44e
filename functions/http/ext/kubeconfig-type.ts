/** Kubeconfigs of ext.cattle.io as own-store.ts serves them (auth.md 3.8): after its creation only a description changes. */
import { configMaps } from "../../../schema/resources/core/config-maps.ts";
import type { ConfigMap } from "../../../schema/resources/core/config-maps.ts";
import {
  extensionKindLabel,
  extensionTokenKind,
  extensionTokenNamespace,
  extensionUserLabel,
} from "../../../schema/resources/core/extension-tokens.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import {
  appliedKubeconfigRow,
  changedKubeconfigRow,
  kubeconfigKind,
  kubeconfigOfRow,
} from "../../../schema/resources/ext.cattle.io/kubeconfig-rows.ts";
import { kubeconfigs } from "../../../schema/resources/ext.cattle.io/kubeconfigs.ts";
import type { Kubeconfig } from "../../../schema/resources/ext.cattle.io/kubeconfigs.ts";
import { kubeconfigIdLabel, timestamp } from "../../../schema/resources/ext.cattle.io/rows.ts";
import type { BoundStore } from "../../../schema/store/store.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { judgeKubeconfig } from "./kubeconfig-rules.ts";
import { createKubeconfig } from "./new-kubeconfig.ts";
import type { OwnType } from "./own-type.ts";

export const kubeconfigType: OwnType<Kubeconfig, ConfigMap> = {
  definition: kubeconfigs,
  of: configMaps,
  kind: kubeconfigKind,
  shown: (row) => kubeconfigOfRow(row),
  create: async (deps, object, dryRun) => createKubeconfig(deps, object, dryRun),
  judge: async () => judgeKubeconfig,
  changedRow: (row, wanted) => changedKubeconfigRow(row, wanted, timestamp(new Date())),
  appliedRow: appliedKubeconfigRow,
  beforeDelete: deleteTokens,
};

async function deleteTokens(rows: BoundStore, { metadata: { name, labels } }: ConfigMap): Promise<void> {
  const { items } = await rows.list(secrets, {
    namespace: extensionTokenNamespace,
    labels: {
      [extensionKindLabel]: extensionTokenKind,
      [kubeconfigIdLabel]: name,
      [extensionUserLabel]: labels?.[extensionUserLabel] ?? "",
    },
  });
  for (const { metadata } of items)
    await absentAsUndefined(rows.delete(secrets, extensionTokenNamespace, metadata.name));
}
