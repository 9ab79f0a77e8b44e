/** fleet.cattle.io/v1alpha1 Schedule (fleet.md 1.9): when clusters may be changed. */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, dateTime, object, string, texts } from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { duration, durationErrors, fleet, parts } from "./group.ts";

const schema = once(() => {
  const { conditions, targets } = parts();
  return object({
    spec: object({ duration, location: string, schedule: string, targets: object({ clusters: targets }) }),
    status: object({ active: boolean, conditions, matchingClusters: texts, nextStartTime: dateTime }),
  });
});

export type Schedule = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const schedules: ResourceDefinition<Schedule> = {
  ...fleet,
  kind: "Schedule",
  plural: "schedules",
  singular: "schedule",
  schema,
  printerColumns: [
    column("Schedule", ".spec.schedule"),
    column("Duration", ".spec.duration"),
    column("Active", ".status.active"),
    column("NextStart", ".status.nextStartTime"),
  ],
  validate: ({ operation, object: { spec } }) =>
    operation === "DELETE" ? [] : durationErrors({ "spec.duration": spec?.duration }),
};
