/** fleet.cattle.io/v1alpha1 ImageScan (fleet.md 1.9). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, dateTime, int64, nullable, object, string } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { duration, durationErrors, fleet, maybeString, parts } from "./group.ts";

const schema = once(() => {
  const { conditions, localReference } = parts();
  return object({
    spec: object(
      {
        gitrepoName: maybeString,
        image: maybeString,
        interval: nullable(duration),
        policy: object({
          alphabetical: nullable(object({ order: maybeString })),
          semver: nullable(object({ range: maybeString })),
        }),
        secretRef: nullable(localReference),
        suspend: boolean,
        tagName: maybeString,
      },
      ["image", "interval"],
    ),
    status: object({
      canonicalImageName: string,
      conditions,
      lastScanTime: dateTime,
      latestDigest: string,
      latestImage: string,
      latestTag: string,
      observedGeneration: int64,
    }),
  });
});

export type ImageScan = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const imageScans: ResourceDefinition<ImageScan> = {
  ...fleet,
  kind: "ImageScan",
  plural: "imagescans",
  singular: "imagescan",
  schema,
  printerColumns: [column("Repository", ".spec.image"), column("Latest", ".status.latestTag")],
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE" ? [] : durationErrors({ "spec.interval": spec?.interval }),
};
