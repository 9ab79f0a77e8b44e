/** `state`, `transitioning`, `transitioningMessage` of spec+status types (norman-v3.md 4.3, wrangler's summary). Pure. */
import type { KubeObject } from "../../../schema/object.ts";

export interface DerivedState {
  readonly state: string;
  readonly transitioning: "yes" | "no" | "error";
  readonly transitioningMessage: string;
}

interface Summary {
  state: string;
  error: boolean;
  transitioning: boolean;
  readonly messages: string[];
}

interface SeenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** Conditions that are work while Unknown and a failure when False. */
const unknownStates: Readonly<Record<string, string>> = {
  Active: "activating",
  AddonDeploy: "provisioning",
  AgentDeployed: "provisioning",
  BackingNamespaceCreated: "configuring",
  CertsGenerated: "provisioning",
  ConfigOK: "configuring",
  Created: "creating",
  CreatorMadeOwner: "configuring",
  DefaultNamespaceAssigned: "configuring",
  DefaultNetworkPolicyCreated: "configuring",
  DefaultProjectCreated: "configuring",
  DockerProvisioned: "provisioning",
  Downloaded: "downloading",
  Drained: "draining",
  Inactive: "deactivating",
  InitialRolesPopulated: "activating",
  Initialized: "initializing",
  Installed: "installing",
  NodesCreated: "provisioning",
  Pending: "pending",
  Provisioned: "provisioning",
  Registered: "registering",
  Removed: "removing",
  Saved: "saving",
  Updated: "updating",
  Updating: "updating",
  Upgraded: "upgrading",
  Waiting: "waiting",
  etcd: "provisioning",
};
const whileTrue: Readonly<Record<string, string>> = { Reconciling: "reconciling" };
const whileFalse: Readonly<Record<string, string>> = {
  Completed: "activating",
  Available: "updating",
  Ready: "unavailable",
};

/** How long a removal may take before it is shown as an error. */
const removalLimitMs = 5 * 60_000;
/** How long an object without conditions is shown as initializing. */
const settleMs = 5_000;

export function deriveState(object: KubeObject, now: Date): DerivedState {
  const status = recordOf("status" in object ? object.status : undefined);
  const spec = recordOf("spec" in object ? object.spec : undefined);
  const conditions = [
    ...conditionsOf(status["conditions"]),
    ...conditionsOf(annotatedStatus(object)["conditions"]),
  ];
  const summary: Summary = { state: "", error: false, transitioning: false, messages: [] };
  fromDisplay(status, summary);
  fromErrors(conditions, summary);
  fromUnknown(conditions, summary);
  fromTrue(conditions, summary);
  fromFalse(conditions, summary);
  fromActive(spec, summary);
  fromPhase(status, summary);
  fromAge(object, status, summary, now);
  fromRemoval(object, summary, now);
  return {
    state: (summary.state === "" ? "active" : summary.state).toLowerCase(),
    transitioning: summary.error ? "error" : summary.transitioning ? "yes" : "no",
    transitioningMessage: [...new Set(summary.messages)].join("; "),
  };
}

/** 1. What a controller says itself. */
function fromDisplay(status: Record<string, unknown>, summary: Summary): void {
  const display = recordOf(status["display"] ?? status["summary"]);
  const message = display["message"];
  if (typeof display["state"] === "string") summary.state = display["state"];
  if (display["error"] === true) summary.error = true;
  if (display["transitioning"] === true) summary.transitioning = true;
  if (typeof message === "string" && message !== "") summary.messages.push(message);
}

/** 2. */
function fromErrors(conditions: readonly SeenCondition[], summary: Summary): void {
  for (const condition of conditions) {
    const failed =
      (condition.type === "Failed" || condition.type === "Stalled") && condition.status === "True";
    if (!failed && condition.reason !== "Error") continue;
    summary.error = true;
    if (summary.state === "") summary.state = "error";
    addMessage(summary, condition);
  }
}

/** 3. The last False wins; an Unknown only speaks where nothing has spoken. */
function fromUnknown(conditions: readonly SeenCondition[], summary: Summary): void {
  let unknown = "";
  for (const condition of conditions) {
    const state = lookUp(unknownStates, condition.type);
    if (state === undefined) continue;
    if (condition.status === "False") {
      summary.error = true;
      summary.state = state;
      addMessage(summary, condition);
    } else if (condition.status === "Unknown") {
      summary.transitioning = true;
      if (unknown === "") unknown = state;
      addMessage(summary, condition);
    }
  }
  if (summary.state === "") summary.state = unknown;
}

/** 4. */
function fromTrue(conditions: readonly SeenCondition[], summary: Summary): void {
  if (summary.state !== "") return;
  for (const condition of conditions) {
    const state = lookUp(whileTrue, condition.type);
    if (state === undefined || condition.status !== "True") continue;
    summary.transitioning = true;
    if (summary.state === "") summary.state = state;
    addMessage(summary, condition);
  }
}

/** 5. `unavailable` only if no other condition says more. */
function fromFalse(conditions: readonly SeenCondition[], summary: Summary): void {
  if (summary.state !== "") return;
  let last = "";
  for (const condition of conditions) {
    const state = lookUp(whileFalse, condition.type);
    if (state === undefined || condition.status === "True") continue;
    if (condition.status === "False") summary.transitioning = true;
    else summary.error = true;
    addMessage(summary, condition);
    if (state === "unavailable") last = state;
    else if (summary.state === "") summary.state = state;
  }
  if (summary.state === "") summary.state = last;
}

/** 6. */
function fromActive(spec: Record<string, unknown>, summary: Summary): void {
  if (summary.state === "" && typeof spec["active"] === "boolean")
    summary.state = spec["active"] ? "active" : "inactive";
}

/** 7. */
function fromPhase(status: Record<string, unknown>, summary: Summary): void {
  const phase = status["phase"];
  if (typeof phase !== "string" || phase === "") return;
  if (summary.state === "" || phase === "Succeeded" || phase === "Bound") summary.state = phase;
}

/** 8. */
function fromAge(object: KubeObject, status: Record<string, unknown>, summary: Summary, now: Date): void {
  const conditions = status["conditions"];
  if (summary.state !== "" || !Array.isArray(conditions) || conditions.length > 0) return;
  const created = Date.parse(object.metadata.creationTimestamp ?? "");
  if (!(now.getTime() - created < settleMs)) return;
  summary.state = "initializing";
  summary.transitioning = true;
}

/** 9. Goes before all others. */
function fromRemoval({ metadata }: KubeObject, summary: Summary, now: Date): void {
  if (metadata.deletionTimestamp === undefined) return;
  summary.state = "removing";
  summary.transitioning = true;
  const waiting = metadata.finalizers?.[0];
  if (waiting !== undefined) summary.messages.push(`waiting on ${waiting}`);
  if (now.getTime() - Date.parse(metadata.deletionTimestamp) > removalLimitMs) summary.error = true;
}

function addMessage(summary: Summary, { message, reason }: SeenCondition): void {
  if (message !== "") summary.messages.push(message);
  else if (reason !== "" && reason !== "Error") summary.messages.push(reason);
}

function annotatedStatus({ metadata }: KubeObject): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(metadata.annotations?.["cattle.io/status"] ?? "{}"));
  } catch {
    return {};
  }
}

function conditionsOf(value: unknown): SeenCondition[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => {
    const condition = recordOf(item);
    const text = (key: string): string => (typeof condition[key] === "string" ? condition[key] : "");
    return {
      type: text("type") || text("Type"),
      status: text("status") || text("Status"),
      reason: text("reason"),
      message: text("message"),
    };
  });
}

function lookUp(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
