/** What `Impersonate-*` headers ask for, and who may have it (auth.md 4.3). Pure. */
import { serviceAccountGroups, serviceAccountOf } from "../../schema/rbac/compile.ts";
import { allows } from "../../schema/rbac/evaluate.ts";
import type { ResourceAttributes } from "../../schema/rbac/types.ts";
import { ApiError } from "../http/errors.ts";
import { isReservedGroup } from "./downstream.ts";
import type { Identity } from "./identity.ts";

/** What a caller asks to be. */
export interface ImpersonationRequest {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const extraPrefix = "impersonate-extra-";

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
  const uid = headers.get("impersonate-uid") ?? "";
  if (user !== "") return { user, groups, ...(uid === "" ? {} : { uid }), extra: Object.fromEntries(extra) };
  if (groups.length > 0 || extra.size > 0 || uid !== "" || headers.has("impersonate-user"))
    throw new ApiError("BadRequest", "groups, a uid and extras cannot be impersonated without a user");
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

const authentication = "authentication.k8s.io";

/**
 * Checks each part with the caller's rules; throws `Forbidden` for the first he may not take. What is already his own
 * (user, groups), and the groups that every service account is in, need no right. Other `drover:*` and `system:*` groups
 * are refused to everyone: they are given, not asked for.
 */
export function authorizeImpersonation(identity: Identity, request: ImpersonationRequest): void {
  const account = serviceAccountOf(request.user);
  const need = (what: Omit<ResourceAttributes, "verb">, possible = true): void => {
    if (!possible || !allows(identity.rules, { verb: "impersonate", ...what })) throw refusal(identity, what);
  };
  if (request.user !== identity.userId) {
    if (account !== undefined) need({ group: "", resource: "serviceaccounts", ...account });
    // Kubernetes' own users (`system:admin`, nodes) are components, not people: there is no right to be one.
    else need({ group: "", resource: "users", name: request.user }, !request.user.startsWith("system:"));
  }
  const own = [...identity.groups, ...(account === undefined ? [] : serviceAccountGroups(account.namespace))];
  for (const group of request.groups)
    if (!own.includes(group)) need({ group: "", resource: "groups", name: group }, !isReservedGroup(group));
  if (request.uid !== undefined && request.uid !== identity.uid)
    need({ group: authentication, resource: "uids", name: request.uid });
  for (const [key, values] of Object.entries(request.extra)) {
    // Which token a request came with is a fact that the audit log relies on.
    const possible = key !== "requesttokenid" || isOwnToken(identity, request, values);
    for (const value of values)
      need({ group: authentication, resource: `userextras/${key}`, name: value }, possible);
  }
}

/** In kube-apiserver's words. */
function refusal(
  { userId }: Identity,
  { group, resource, namespace, name = "" }: Omit<ResourceAttributes, "verb">,
): ApiError {
  const [type = resource] = resource.split("/");
  const qualified = group === "" ? type : `${type}.${group}`;
  const scope = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return new ApiError(
    "Forbidden",
    `${qualified} "${name}" is forbidden: User "${userId}" cannot impersonate resource "${resource}" in API group "${group}" ${scope}`,
  );
}

function isOwnToken(identity: Identity, request: ImpersonationRequest, values: readonly string[]): boolean {
  return request.user === identity.userId && values.length === 1 && values[0] === identity.token.name;
}
