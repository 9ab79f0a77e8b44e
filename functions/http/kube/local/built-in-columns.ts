/** The columns that Kubernetes 1.36 prints for its own types (pkg/printers/internalversion). Pure. */
import type { KubeObject } from "../../../../schema/object.ts";
import { Since, ageColumn, nameColumn } from "./column.ts";
import type { Column } from "./column.ts";
import { humanDuration } from "./human-duration.ts";

function column(name: string, description: string, cell: Column["cell"], priority = 0): Column {
  return { name, type: "string", format: "", description, priority, cell };
}

const events: readonly Column[] = [
  column("Last Seen", "Time since the event occurred last.", (object) => new Since(lastSeen(object))),
  column("Type", "Normal or Warning.", (object) => text(object, "type")),
  column("Reason", "Why it happened, in one word.", (object) => text(object, "reason")),
  column("Object", "The object that the event is about.", (object) => {
    const { kind, name } = about(object);
    return name === "" ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`;
  }),
  column("Subobject", "The part of the object that it is about.", (object) => about(object).fieldPath, 1),
  column("Source", "The component that reported it, and where it runs.", (object) => sourceOf(object), 1),
  column("Message", "What happened, in words.", (object) =>
    (text(object, "message") || text(object, "note")).trim(),
  ),
  column("First Seen", "Time since the event occurred first.", (object) => new Since(firstSeen(object)), 1),
  column("Count", "How often it occurred.", (object) => countOf(object), 1),
  { ...nameColumn, priority: 1 },
];

function replicas(name: string, description: string, part: "spec" | "status"): Column {
  const cell: Column["cell"] = (object) => count(member(object, part), "replicas");
  return { ...column(name, description, cell), type: "integer" };
}

const createdAt: Column = {
  ...column("Created At", "When it was made.", ({ metadata }) => metadata.creationTimestamp ?? ""),
  type: "date",
};

const bindings: readonly Column[] = [
  nameColumn,
  column("Role", "The role that it gives.", (object) => {
    const role = member(object, "roleRef");
    return `${text(role, "kind")}/${text(role, "name")}`;
  }),
  ageColumn,
  column("Users", "Users who have it.", (object) => subjects(object, "User"), 1),
  column("Groups", "Groups whose members have it.", (object) => subjects(object, "Group"), 1),
  column(
    "ServiceAccounts",
    "Service accounts that have it.",
    (object) => subjects(object, "ServiceAccount"),
    1,
  ),
];

/**
 * By type key (resource.ts). They cannot be `printerColumns`: no JSONPath counts the entries of a map, and their Age is a
 * text of the server's. ServiceAccount's Secrets column of older versions is gone in 1.36.
 */
export const builtInColumns: Readonly<Record<string, readonly Column[]>> = {
  "scales.autoscaling": [
    nameColumn,
    replicas("Desired", "How many there shall be.", "spec"),
    replicas("Available", "How many there are.", "status"),
    ageColumn,
  ],
  configmaps: [
    nameColumn,
    column(
      "Data",
      "How many entries it holds.",
      (object) => size(object, "data") + size(object, "binaryData"),
    ),
    ageColumn,
  ],
  secrets: [
    nameColumn,
    column("Type", "What the data is for.", (object) => text(object, "type")),
    column("Data", "How many entries it holds.", (object) => size(object, "data")),
    ageColumn,
  ],
  namespaces: [
    nameColumn,
    column("Status", "Active or Terminating.", (object) => text(member(object, "status"), "phase")),
    ageColumn,
  ],
  serviceaccounts: [nameColumn, ageColumn],
  "customresourcedefinitions.apiextensions.k8s.io": [nameColumn, createdAt],
  "apiservices.apiregistration.k8s.io": [
    nameColumn,
    column("Service", "The service that hosts this API; Local: this server.", () => "Local"),
    column("Available", "Whether it answers.", () => "True"),
    ageColumn,
  ],
  "leases.coordination.k8s.io": [
    nameColumn,
    column("Holder", "Who holds the lease.", (object) => text(member(object, "spec"), "holderIdentity")),
    ageColumn,
  ],
  "kubeconfigs.ext.cattle.io": [
    nameColumn,
    column("TTL", "How long its tokens live.", (object) =>
      humanDuration(count(member(object, "spec"), "ttl") * 1_000),
    ),
    column(
      "Tokens",
      "How many tokens it came with, of which all are there until one expires.",
      (object) => list(member(object, "status"), "tokens").length,
    ),
    column("Status", "Whether it could be made.", (object) => text(member(object, "status"), "summary")),
    ageColumn,
    column("User", "Whose it is.", ({ metadata }) => metadata.labels?.["cattle.io/user-id"] ?? "", 1),
    column(
      "Clusters",
      "Which clusters it is for.",
      (object) => list(member(object, "spec"), "clusters").join(","),
      1,
    ),
    column(
      "Description",
      "What its owner says of it.",
      (object) => text(member(object, "spec"), "description"),
      1,
    ),
  ],
  "tokens.ext.cattle.io": [
    nameColumn,
    column("User", "Whose token it is.", (object) => text(member(object, "spec"), "userID"), 1),
    column("Kind", "What it is for.", (object) => text(member(object, "spec"), "kind")),
    column("TTL", "How long it lives from its creation on.", (object) => {
      const ttl = count(member(object, "spec"), "ttl");
      return ttl < 0 ? "<never>" : humanDuration(ttl);
    }),
    ageColumn,
    column(
      "Description",
      "What its owner says of it.",
      (object) => text(member(object, "spec"), "description"),
      1,
    ),
  ],
  "roles.rbac.authorization.k8s.io": [nameColumn, createdAt],
  "clusterroles.rbac.authorization.k8s.io": [nameColumn, createdAt],
  "rolebindings.rbac.authorization.k8s.io": bindings,
  "clusterrolebindings.rbac.authorization.k8s.io": bindings,
  events,
  // The same rows under their newer field names.
  "events.events.k8s.io": events,
};

function subjects(binding: KubeObject, kind: string): string {
  const { subjects: all = [] } = binding as KubeObject & { readonly subjects?: readonly object[] };
  return all
    .filter((subject) => text(subject, "kind") === kind)
    .map((subject) =>
      kind === "ServiceAccount"
        ? `${text(subject, "namespace")}/${text(subject, "name")}`
        : text(subject, "name"),
    )
    .join(", ");
}

function about(event: KubeObject): { kind: string; name: string; fieldPath: string } {
  const object = { ...member(event, "regarding"), ...member(event, "involvedObject") };
  return { kind: text(object, "kind"), name: text(object, "name"), fieldPath: text(object, "fieldPath") };
}

function sourceOf(event: KubeObject): string {
  const source = { ...member(event, "deprecatedSource"), ...member(event, "source") };
  const component =
    text(source, "component") || text(event, "reportingComponent") || text(event, "reportingController");
  const instance = text(source, "host") || text(event, "reportingInstance");
  return instance === "" ? component : `${component}, ${instance}`;
}

function firstSeen(event: KubeObject): string {
  return text(event, "firstTimestamp") || text(event, "deprecatedFirstTimestamp") || text(event, "eventTime");
}

function lastSeen(event: KubeObject): string {
  const series = seriesOf(event);
  if (series !== undefined) return text(series, "lastObservedTime");
  return text(event, "lastTimestamp") || text(event, "deprecatedLastTimestamp") || firstSeen(event);
}

/** An event that stands for itself carries no count. */
function countOf(event: KubeObject): number {
  const series = seriesOf(event);
  if (series !== undefined) return count(series, "count");
  return count(event, "count") || count(event, "deprecatedCount") || 1;
}

function seriesOf(event: KubeObject): object | undefined {
  const series = (event as unknown as Record<string, unknown>)["series"];
  return typeof series === "object" && series !== null ? series : undefined;
}

function member(object: object, key: string): object {
  const value = (object as Record<string, unknown>)[key];
  return typeof value === "object" && value !== null ? value : {};
}

function size(object: object, key: string): number {
  return Object.keys(member(object, key)).length;
}

function text(object: object, key: string): string {
  const value = (object as Record<string, unknown>)[key];
  return typeof value === "string" ? value : "";
}

function count(object: object, key: string): number {
  const value = (object as Record<string, unknown>)[key];
  return typeof value === "number" ? value : 0;
}

function list(object: object, key: string): unknown[] {
  const value = (object as Record<string, unknown>)[key];
  return Array.isArray(value) ? value : [];
}
