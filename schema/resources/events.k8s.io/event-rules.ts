/** What events.k8s.io/v1 asks of an Event beyond the core's rules (k8s.io/kubernetes, validation/events.go). In the core's shape. Pure. */
import type { KubeObject } from "../../object.ts";
import type { FieldError } from "../../structural/types.ts";
import type { Event } from "../core/events.ts";
import { immutable, invalid, isDnsSubdomain, required } from "../names.ts";
import { canonicalMicroTime } from "../times.ts";

/** `old`: on an update. */
export function strictEventErrors(given: KubeObject, before?: KubeObject): FieldError[] {
  const [event, old] = [given as Event, before as Event | undefined];
  return old === undefined ? creationErrors(event) : updateErrors(event, old);
}

function creationErrors(event: Event): FieldError[] {
  const { metadata, eventTime, type = "", firstTimestamp, lastTimestamp, count, source } = event;
  const errors = seriesErrors(event);
  if (!isDnsSubdomain(metadata.name))
    errors.unshift(invalid("metadata.name", metadata.name, "must be a DNS subdomain"));
  if ((eventTime ?? null) === null) errors.push(required("eventTime"));
  if (type !== "Normal" && type !== "Warning") errors.push(invalid("type", "", `has invalid value: ${type}`));
  const unset = {
    firstTimestamp: firstTimestamp ?? "",
    lastTimestamp: lastTimestamp ?? "",
    count: count ?? 0,
    source: `${source?.component ?? ""}${source?.host ?? ""}`,
  };
  for (const [field, value] of Object.entries(unset))
    if (value !== "" && value !== 0) errors.push(invalid(field, "", "needs to be unset"));
  return errors;
}

/** All but the series tells of something that has happened. */
const fixed = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  "type",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

function updateErrors(event: Event, old: Event): FieldError[] {
  const moved = JSON.stringify(event.series ?? null) !== JSON.stringify(old.series ?? null);
  const time = ({ eventTime }: Event): string => canonicalMicroTime(eventTime ?? "") ?? eventTime ?? "";
  return [
    ...(moved ? seriesErrors(event) : []),
    ...immutable(withoutEmpty(old), withoutEmpty(event), fixed),
    ...(time(event) === time(old)
      ? []
      : [invalid("eventTime", event.eventTime ?? null, "field is immutable")]),
  ];
}

/** What Go does not tell from absence. */
function withoutEmpty(event: Event): Event {
  const members = Object.entries(event).filter(
    ([, value]) => value !== "" && value !== 0 && value !== null && JSON.stringify(value) !== "{}",
  );
  return Object.fromEntries(members) as unknown as Event;
}

function seriesErrors({ series }: Event): FieldError[] {
  if ((series ?? null) === null) return [];
  return [
    ...((series?.count ?? 0) < 2 ? [invalid("series.count", "", "should be at least 2")] : []),
    ...((series?.lastObservedTime ?? null) === null ? [required("series.lastObservedTime")] : []),
  ];
}
