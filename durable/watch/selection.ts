/** What one watch wants, and how a change shows to it. Pure. */
import type { WatchContext } from "../../schema/internal/watch.ts";
import { fieldOf, matchesFields, parseFieldSelector } from "../../schema/select/fields.ts";
import type { FieldSelector } from "../../schema/select/fields.ts";
import { matchesLabels, parseLabelSelector } from "../../schema/select/labels.ts";
import type { LabelSelector } from "../../schema/select/labels.ts";
import type { LogEvent } from "../../schema/store/log.ts";

/** How a change shows: `ADDED` and `MODIFIED` with the object after it, `DELETED` with the object before it. */
export type Change = "ADDED" | "MODIFIED" | "DELETED";

export interface Selection {
  /** Equal for watches that want the same: they are judged together. */
  readonly key: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

type Wanted = Pick<WatchContext, "namespace" | "name" | "labelSelector" | "fieldSelector">;

/** Throws the parsers' SelectorError. */
export function selectionOf({ namespace, name, labelSelector = "", fieldSelector = "" }: Wanted): Selection {
  return {
    key: JSON.stringify([namespace ?? null, name ?? null, labelSelector, fieldSelector]),
    namespace,
    name,
    labels: parseLabelSelector(labelSelector),
    fields: parseFieldSelector(fieldSelector),
  };
}

/**
 * How `event` shows to a watch with this selection, `undefined` when not at all. An object that comes to match is
 * ADDED, one that no longer matches is DELETED: so the watcher's set is always what a list would give it.
 */
export function judge(selection: Selection, event: LogEvent, bodies: Bodies): Change | undefined {
  const { namespace, name } = selection;
  if (namespace !== undefined && namespace !== event.namespace) return undefined;
  if (name !== undefined && name !== event.name) return undefined;
  const was = event.before !== null && matches(selection, event, event.beforeLabels, () => bodies.before);
  const is = event.body !== null && matches(selection, event, event.labels, () => bodies.after);
  if (is) return was ? "MODIFIED" : "ADDED";
  return was ? "DELETED" : undefined;
}

function matches(
  { labels, fields }: Selection,
  event: LogEvent,
  labelsThen: LogEvent["labels"],
  body: () => unknown,
): boolean {
  return (
    matchesLabels(labels, labelsThen ?? {}) &&
    matchesFields(fields, (field) => {
      if (field === "metadata.name") return event.name;
      if (field === "metadata.namespace") return event.namespace;
      return fieldOf(body(), field);
    })
  );
}

/** The bodies of one event, each parsed at most once, and only for selectors that look into them. Not to be kept. */
export class Bodies {
  readonly #event: LogEvent;
  #before: { readonly value: unknown } | undefined;
  #after: { readonly value: unknown } | undefined;

  constructor(event: LogEvent) {
    this.#event = event;
  }

  get before(): unknown {
    return (this.#before ??= { value: JSON.parse(this.#event.before ?? "null") }).value;
  }

  get after(): unknown {
    return (this.#after ??= { value: JSON.parse(this.#event.body ?? "null") }).value;
  }
}
