/** events.k8s.io/v1 Event: the same rows as core/v1's, under other names and, when written, by stricter rules (design 3). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { events as coreEvents } from "../core/events.ts";
import { objectReferenceSchema } from "../core/object-reference.ts";
import { microTimeSchema, writtenMicroTimeSchema, writtenTimeSchema } from "../times.ts";
import { strictEventErrors } from "./event-rules.ts";

const text = { type: "string" } as const;
const count = { type: "integer", format: "int32" } as const;

const schema = once(
  () =>
    ({
      type: "object",
      required: ["eventTime"],
      properties: {
        eventTime: writtenMicroTimeSchema,
        series: {
          type: "object",
          required: ["count", "lastObservedTime"],
          properties: { count, lastObservedTime: microTimeSchema },
        },
        reportingController: text,
        reportingInstance: text,
        action: text,
        reason: text,
        regarding: objectReferenceSchema,
        related: objectReferenceSchema,
        note: text,
        type: text,
        deprecatedSource: { type: "object", properties: { component: text, host: text } },
        deprecatedFirstTimestamp: writtenTimeSchema,
        deprecatedLastTimestamp: writtenTimeSchema,
        deprecatedCount: count,
      },
    }) as const satisfies JsonSchema,
);

export type Event = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Here → in the rows. What is not here has the same name in both. */
const storedNames: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const namesHere = Object.fromEntries(Object.entries(storedNames).map(([here, stored]) => [stored, here]));

export const events: ResourceDefinition<Event> = {
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  singular: "event",
  shortNames: ["ev"],
  scope: "Namespaced",
  createOnUpdate: true,
  schema,
  selectableFields: [
    "reason",
    "regarding.kind",
    "regarding.namespace",
    "regarding.name",
    "regarding.uid",
    "regarding.apiVersion",
    "regarding.resourceVersion",
    "regarding.fieldPath",
    "reportingController",
    "type",
  ],
  view: {
    of: coreEvents,
    standing: { involvedObject: {} },
    toStored: (object) => ({ ...renamed(object, storedNames), apiVersion: "v1" }),
    fromStored: (object) => ({
      ...renamed(withoutNobody(object), namesHere),
      apiVersion: "events.k8s.io/v1",
    }),
    storedField: (field) => {
      const [first = "", ...rest] = field.split(".");
      return [storedNames[first] ?? first, ...rest].join(".");
    },
    validate: strictEventErrors,
  },
};

/** Who reports is left out here when nobody says so, where the core's Event has an empty text. */
function withoutNobody(object: KubeObject): KubeObject {
  const members = Object.entries(object).filter(
    ([name, value]) => value !== "" || (name !== "reportingComponent" && name !== "reportingInstance"),
  );
  return Object.fromEntries(members) as unknown as KubeObject;
}

function renamed(object: KubeObject, names: Readonly<Record<string, string>>): KubeObject {
  const members = Object.entries(object).map(([name, value]) => [
    Object.hasOwn(names, name) ? names[name] : name,
    value as unknown,
  ]);
  return Object.fromEntries(members) as KubeObject;
}
