/** What `Impersonate-*` headers ask for, and who may have it (auth.md 4.3). Pure. */
import { allows } from "../../schema/rbac/evaluate.ts";
import { ApiError } from "../http/errors.ts";
import { isReservedGroup } from "./downstream.ts";
import type { Identity } from "./identity.ts";

/** What a caller asks to be. */
export interface ImpersonationRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const extraPrefix = "impersonate-extra-";
/** `system:serviceaccount:<namespace>:<name>` */
export const serviceAccountName = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * Reads the headers. Throws `BadRequest` for groups, a uid or extras without a user. Repeated headers reach us joined
 * by `", "`: a group name that holds that very text cannot be told from two groups, and each part is judged by itself.
 */
export function parseImpersonation(headers: Headers): ImpersonationRequest | undefined {
  const user = headers.get("impersonate-user") ?? "";
  const groups = list(headers.get("impersonate-group"));
  const extra = new Map<string, string[]>();
  for (const [name, value] of headers) {
    if (!name.startsWith(extraPrefix)) continue;
    const key = decodeKey(name.slice(extraPrefix.length));
    if (key === "" || key.includes("/")) throw new ApiError("BadRequest", "invalid Impersonate-Extra name");
    extra.set(key, list(value));
  }
  if (headers.has("impersonate-uid")) throw new ApiError("BadRequest", "Impersonate-Uid is not supported");
  if (user !== "") return { user, groups, extra: Object.fromEntries(extra) };
  if (groups.length > 0 || extra.size > 0 || headers.has("impersonate-user"))
    throw new ApiError("BadRequest", "groups and extras cannot be impersonated without a user");
  return undefined;
}

function list(value: string | null): string[] {
  return value === null ? [] : value.split(", ").filter((part) => part !== "");
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return "";
  }
}

/**
 * Checks each part with the caller's rules; throws `Forbidden` for the first he may not take. What is already his own
 * (user, groups) needs no right. `drover:*` and `system:*` groups are refused to everyone: they are given, not asked for.
 */
export function authorizeImpersonation(identity: Identity, request: ImpersonationRequest): void {
  const need = (allowed: boolean, what: string): void => {
    if (!allowed) throw new ApiError("Forbidden", `not allowed to impersonate ${what}`);
  };
  if (request.user !== identity.userId) {
    const account = serviceAccountName.exec(request.user);
    // Kubernetes' own users (`system:admin`, nodes) are components, not people: there is no right to be one.
    if (request.user.startsWith("system:")) need(account !== null, "user");
    need(
      account === null
        ? may(identity, "users", request.user)
        : may(identity, "serviceaccounts", account[2] ?? "", account[1]),
      account === null ? "user" : "service account",
    );
  }
  for (const group of request.groups) {
    if (identity.groups.includes(group)) continue;
    need(!isReservedGroup(group) && may(identity, "groups", group), "group");
  }
  for (const [key, values] of Object.entries(request.extra)) {
    // Which token a request came with is a fact that the audit log relies on.
    need(key !== "requesttokenid" || isOwnToken(identity, request, values), "extra requesttokenid");
    for (const value of values) need(may(identity, `userextras/${key}`, value), `extra ${key}`);
  }
}

function isOwnToken(identity: Identity, request: ImpersonationRequest, values: readonly string[]): boolean {
  return request.user === identity.userId && values.length === 1 && values[0] === identity.token.name;
}

function may(identity: Identity, resource: string, name: string, namespace?: string): boolean {
  const group = resource.startsWith("userextras/") ? "authentication.k8s.io" : "";
  return allows(identity.rules, {
    verb: "impersonate",
    group,
    resource,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
}
