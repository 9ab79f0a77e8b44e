/**
 * core/v1 Event. events.k8s.io/v1 shows the same objects under other names and with stricter rules. Its name may be any
 * that fits into a path: it is made of the name of what it is about.
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";
import { isQualifiedName } from "../qualified-name.ts";
import {
  canonicalMicroTime,
  canonicalTime,
  microTimeSchema,
  writtenMicroTimeSchema,
  writtenTimeSchema,
} from "../times.ts";
import { objectReferenceSchema } from "./object-reference.ts";

const text = { type: "string" } as const;
const count = { type: "integer", format: "int32" } as const;

const schema = once(
  () =>
    ({
      type: "object",
      required: ["involvedObject"],
      properties: {
        involvedObject: objectReferenceSchema,
        reason: text,
        message: text,
        source: { type: "object", properties: { component: text, host: text } },
        firstTimestamp: writtenTimeSchema,
        lastTimestamp: writtenTimeSchema,
        count,
        type: text,
        eventTime: writtenMicroTimeSchema,
        series: { type: "object", properties: { count, lastObservedTime: microTimeSchema } },
        action: text,
        related: objectReferenceSchema,
        reportingComponent: text,
        reportingInstance: text,
      },
    }) as const satisfies JsonSchema,
);

export type Event = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Go writes these members always. `kubectl get events --sort-by=.lastTimestamp` shows nothing where no event has the member. */
const always = {
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  eventTime: null,
  reportingComponent: "",
  reportingInstance: "",
} as const;

export const events: ResourceDefinition<Event> = {
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  singular: "event",
  shortNames: ["ev"],
  scope: "Namespaced",
  nameForm: "path",
  bare: { involvedObject: {}, ...always },
  createOnUpdate: true,
  schema,
  // As in Kubernetes: they expire, and are too many for its garbage collector.
  // kube-apiserver's field `source` is missing: it is another field of the object, by turns.
  selectableFields: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "type",
  ],
  mutate: ({ object }) => {
    const { firstTimestamp, lastTimestamp, eventTime, series } = object;
    return {
      ...always,
      ...object,
      ...(firstTimestamp && { firstTimestamp: canonicalTime(firstTimestamp) ?? firstTimestamp }),
      ...(lastTimestamp && { lastTimestamp: canonicalTime(lastTimestamp) ?? lastTimestamp }),
      ...(eventTime && { eventTime: canonicalMicroTime(eventTime) ?? eventTime }),
      ...(series?.lastObservedTime && {
        series: {
          ...series,
          lastObservedTime: canonicalMicroTime(series.lastObservedTime) ?? series.lastObservedTime,
        },
      }),
    };
  },
  validate: ({ operation, object }) => {
    if (operation === "DELETE") return [];
    // Only reporters of the newer API set eventTime.
    const errors = (object.eventTime ?? null) === null ? placeErrors(object) : reportErrors(object);
    return [...timeErrors(object), ...errors];
  },
};

function timeErrors({ firstTimestamp, lastTimestamp, eventTime, series }: Event): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, value] of Object.entries({ firstTimestamp, lastTimestamp }))
    if ((value ?? null) !== null && canonicalTime(value ?? "") === undefined)
      errors.push(invalid(field, value, "must be an RFC 3339 time"));
  for (const [field, value] of [
    ["eventTime", eventTime],
    ["series.lastObservedTime", series?.lastObservedTime],
  ] as const)
    if ((value ?? null) !== null && canonicalMicroTime(value ?? "") === undefined)
      errors.push(invalid(field, value, "must be an RFC 3339 time with six digits of a second"));
  return errors;
}

/** It lies where its object lies; about an object without a namespace, in `default`. */
function placeErrors({ involvedObject, metadata }: Event): FieldError[] {
  const { namespace: about = "" } = involvedObject;
  return about === metadata.namespace || (about === "" && metadata.namespace === "default")
    ? []
    : [invalid("involvedObject.namespace", about, "does not match event.namespace")];
}

/** legacyValidateEvent in pkg/apis/core/validation/events.go, with eventTime. */
function reportErrors(event: Event): FieldError[] {
  const { involvedObject, metadata, reportingComponent = "" } = event;
  const errors: FieldError[] = [];
  const { namespace: about = "" } = involvedObject;
  if (about === "" && metadata.namespace !== "default" && metadata.namespace !== "kube-system")
    errors.push(invalid("involvedObject.namespace", about, "does not match event.namespace"));
  if (reportingComponent === "") errors.push(required("reportingComponent"));
  else if (!isQualifiedName(reportingComponent))
    errors.push(invalid("reportingComponent", reportingComponent, "must be a qualified name"));
  for (const field of ["reportingInstance", "action", "reason"] as const) {
    if ((event[field] ?? "") === "") errors.push(required(field));
    errors.push(...lengthErrors(field, event[field], 128));
  }
  errors.push(...lengthErrors("message", event.message, 1024));
  return errors;
}

/** In bytes, as Kubernetes counts. */
function lengthErrors(field: string, value: string | undefined, most: number): FieldError[] {
  return new TextEncoder().encode(value ?? "").length > most
    ? [invalid(field, "", `can have at most ${most} characters`)]
    : [];
}
