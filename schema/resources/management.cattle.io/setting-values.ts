/** What values settings take (auth.md 7.8, row Setting; types-settings-features.md 1.4; webhook, Setting). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { budgetErrors } from "../agent-deployment.ts";
import { isCron } from "../cron.ts";
import { durationMs } from "../durations.ts";
import { canonicalTime } from "../times.ts";

/** Whole numbers, with the least value. A negative one means "never" where Rancher's rules say so. */
const leastNumber: Readonly<Record<string, number>> = {
  "auth-token-default-ttl-minutes": 0,
  "auth-token-max-ttl-minutes": 0,
  "auth-user-session-idle-ttl-minutes": 1,
  "auth-user-session-ttl-minutes": 1,
  "cluster-request-body-bytes": 0,
  "cluster-requests-per-second": 0,
  "cluster-requests-per-second-per-user": 0,
  "cluster-unanswered-requests": 0,
  "crt-default-grace-period-minutes": 10,
  "kubeconfig-default-token-ttl-minutes": 0,
  "kubeconfig-max-token-ttl-minutes": 0,
  "password-min-length": 2,
};

const options: Readonly<Record<string, readonly string[]>> = {
  "agent-tls-mode": ["strict", "system-store"],
  "first-login": ["true", "false"],
  "hide-local-cluster": ["true", "false"],
  "kubeconfig-generate-token": ["true", "false"],
  "no-default-admin": ["true", "false"],
};

const images: readonly string[] = ["agent-image", "auth-image", "charts-image"];

/** An image reference (OCI): `[host[:port]/]path[:tag][@digest]`. Strict, because it ends in manifests. */
export function isImageReference(text: string): boolean {
  return (
    text.length <= 255 &&
    /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/.test(
      text,
    )
  );
}

const cron = (value: string): string | undefined =>
  isCron(value) ? undefined : "must be a cron expression, such as 0 0 * * *";

const twoWeeksMs = 336 * 3_600_000;

/** Zero means never. */
function inactivity(value: string, least: number): string | undefined {
  const ms = durationMs(value);
  if (ms === undefined || ms < 0) return "must be zero or a positive duration, such as 240h";
  return ms > 0 && ms < least ? `must be at least ${least / 3_600_000}h` : undefined;
}

function jsonObject(value: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function priorityClass(text: string): string | undefined {
  const given = jsonObject(text);
  if (given === undefined) return "must be a JSON object";
  const { value = 0, preemptionPolicy = "", ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `must not have a member ${unknown}`;
  if (typeof value !== "number" || !Number.isInteger(value) || Math.abs(value) > 1_000_000_000)
    return "value must be a whole number from -1000000000 to 1000000000";
  return ["", "Never", "PreemptLowerPriority"].includes(String(preemptionPolicy))
    ? undefined
    : "preemptionPolicy must be PreemptLowerPriority or Never";
}

function disruptionBudget(text: string): string | undefined {
  const given = jsonObject(text);
  if (given === undefined) return "must be a JSON object";
  const { minAvailable = "", maxUnavailable = "", ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `must not have a member ${unknown}`;
  if (typeof minAvailable !== "string" || typeof maxUnavailable !== "string")
    return "minAvailable and maxUnavailable must be texts";
  const [first]: readonly FieldError[] = budgetErrors({ minAvailable, maxUnavailable }, "");
  return first?.message;
}

const forms: Readonly<Record<string, (value: string) => string | undefined>> = {
  // A negative one means that groups are never asked for again.
  "auth-user-info-max-age-seconds": (value) =>
    /^[+-]?\d{1,9}(?:\.\d*)?$/.test(value) ? undefined : "must be a number of seconds",
  "auth-user-info-resync-cron": cron,
  "cluster-agent-default-pod-disruption-budget": disruptionBudget,
  "cluster-agent-default-priority-class": priorityClass,
  "delete-inactive-user-after": (value) => inactivity(value, twoWeeksMs),
  "disable-inactive-user-after": (value) => inactivity(value, 0),
  "fleet-agent-default-pod-disruption-budget": disruptionBudget,
  "fleet-agent-default-priority-class": priorityClass,
  "user-last-login-default": (value) =>
    canonicalTime(value) === undefined ? "must be an RFC 3339 time" : undefined,
  "user-retention-cron": cron,
};

/** Why a non-empty value is refused, or `undefined`. An empty one always means "the default". */
export function valueProblem(name: string, value: string): string | undefined {
  const least = Object.hasOwn(leastNumber, name) ? leastNumber[name] : undefined;
  if (least !== undefined && !(/^\d{1,9}$/.test(value) && Number(value) >= least))
    return `must be a whole number of at least ${least}`;
  // Registration tokens: 0 and less never expire, else half an hour at least.
  if (
    name === "crt-default-ttl-minutes" &&
    !(/^-?\d{1,9}$/.test(value) && (Number(value) <= 0 || Number(value) >= 30))
  )
    return "must be a whole number of at least 30, or 0 for no expiry";
  const allowed = Object.hasOwn(options, name) ? options[name] : undefined;
  if (allowed !== undefined && !allowed.includes(value)) return `must be one of ${allowed.join(", ")}`;
  const formal = Object.hasOwn(forms, name) ? forms[name]?.(value) : undefined;
  if (formal !== undefined) return formal;
  if (name === "server-url" && !isServerUrl(value))
    return "must be an https URL without path, query and credentials";
  if (images.includes(name) && !isImageReference(value)) return "must be an image reference";
  if (
    name === "system-default-registry" &&
    !/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?(?:\/[a-z0-9._-]+)*$/.test(value)
  )
    return "must be a registry host";
  return undefined;
}

/** Agents, kubeconfigs and commands are made of it: nothing but scheme, host and port. */
function isServerUrl(value: string): boolean {
  if (!/^https:\/\/[A-Za-z0-9.:[\]-]+\/?$/.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return url.host !== "" && url.pathname === "/";
}

const session = "auth-user-session-ttl-minutes";
const idle = "auth-user-session-idle-ttl-minutes";
const inactive = ["disable-inactive-user-after", "delete-inactive-user-after"];

/** Rules between two settings; `effective` reads the value in force after this write. */
export async function pairProblem(
  name: string,
  effective: (name: string) => Promise<string>,
): Promise<string | undefined> {
  if (name === session || name === idle) {
    const [sessionMinutes, idleMinutes] = await Promise.all([effective(session), effective(idle)]);
    if (Number(idleMinutes) > Number(sessionMinutes)) return `${idle} must not be greater than ${session}`;
  }
  if (name !== session && !inactive.includes(name)) return undefined;
  // Whoever is logged in must not count as inactive.
  const sessionMs = Number(await effective(session)) * 60_000;
  for (const other of name === session ? inactive : [name]) {
    const ms = durationMs(await effective(other)) ?? 0;
    if (ms > 0 && sessionMs > ms) return `${session} must not be greater than ${other}`;
  }
  return undefined;
}
