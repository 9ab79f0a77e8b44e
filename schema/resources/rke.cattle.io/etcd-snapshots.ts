/** rke.cattle.io/v1 ETCDSnapshot (controllers.md 5.7): a file that etcd can be restored from. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, dateTime, int64, object, string } from "../../structural/shapes.ts";
import { s3 } from "./cluster-configuration.ts";
import { clusterIndexed, rke } from "./group.ts";

const schema = once(() =>
  object({
    snapshotFile: object({
      createdAt: dateTime,
      location: string,
      message: string,
      /** base64 of gzipped JSON: the specification of the cluster as it was. */
      metadata: string,
      name: string,
      nodeName: string,
      s3: s3(),
      size: int64,
      status: string,
    }),
    spec: object({ clusterName: string }),
    status: object({ missing: boolean }, ["missing"]),
  }),
);

export type EtcdSnapshot = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const etcdSnapshots: ResourceDefinition<EtcdSnapshot> = {
  ...rke,
  kind: "ETCDSnapshot",
  plural: "etcdsnapshots",
  singular: "etcdsnapshot",
  schema,
  definitionLabels: clusterIndexed,
  statusSubresource: true,
};
