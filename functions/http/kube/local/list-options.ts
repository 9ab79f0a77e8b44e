/** Query parameters of list, watch and deletecollection (metav1.ListOptions), judged as kube-apiserver judges them. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { formatFieldSelector, parseFieldSelector } from "../../../../schema/select/fields.ts";
import type { FieldSelector } from "../../../../schema/select/fields.ts";
import { SelectorError } from "../../../../schema/select/errors.ts";
import { parseLabelSelector } from "../../../../schema/select/labels.ts";
import type { LabelSelector } from "../../../../schema/select/labels.ts";
import type { PageKey } from "../../../../schema/store/pages.ts";
import { notSupported } from "../../../../schema/resources/names.ts";
import { ApiError } from "../../errors.ts";
import { invalidOptions } from "./write-options.ts";

export interface ListOptions {
  readonly labels: LabelSelector;
  readonly labelText: string;
  readonly fields: FieldSelector;
  readonly fieldText: string;
  readonly limit?: number;
  /** Where a chunked list goes on, and the revision of its first chunk. */
  readonly from?: ContinueToken;
  /** `undefined`: not given. */
  readonly resourceVersion?: number;
  readonly match?: "Exact" | "NotOlderThan";
  readonly timeoutSeconds?: number;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents?: boolean;
}

export interface ContinueToken {
  readonly revision: number;
  /** `next` of the page before. */
  readonly key: PageKey;
}

/** Fields that every type can be selected by. */
const commonFields = ["metadata.name", "metadata.namespace"];

/** Throws `BadRequest` for what cannot be read, `Invalid` for what does not go together. */
export function parseListOptions(
  query: URLSearchParams,
  definition: ResourceDefinition,
  isWatch: boolean,
): ListOptions {
  const labelText = query.get("labelSelector") ?? "";
  const fieldText = query.get("fieldSelector") ?? "";
  const resourceVersion = revisionOf(query.get("resourceVersion"));
  const match = matchOf(query.get("resourceVersionMatch"));
  const token = query.get("continue") ?? "";
  const limit = countOf(query, "limit");
  const timeoutSeconds = countOf(query, "timeoutSeconds");
  const sendInitialEvents = query.has("sendInitialEvents") ? flag(query, "sendInitialEvents") : undefined;
  const options = { resourceVersion, match, token, sendInitialEvents };
  const problem = isWatch ? watchProblem(options) : listProblem(options);
  if (problem !== undefined) throw invalidOptions("ListOptions", [problem]);
  if (token !== "" && (resourceVersion ?? 0) !== 0)
    throw new ApiError("BadRequest", "specifying resource version is not allowed when using continue");
  const asked = selector(() => knownFields(parseFieldSelector(fieldText), definition));
  // Rows and events are searched in the shape that they are stored in.
  const { storedField } = definition.view ?? {};
  const fields =
    storedField === undefined ? asked : asked.map((one) => ({ ...one, field: storedField(one.field) }));
  return {
    labels: selector(() => parseLabelSelector(labelText)),
    labelText,
    fields,
    fieldText: storedField === undefined ? fieldText : formatFieldSelector(fields),
    allowWatchBookmarks: flag(query, "allowWatchBookmarks"),
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    ...(timeoutSeconds === undefined || timeoutSeconds === 0 ? {} : { timeoutSeconds }),
    ...(token === "" ? {} : { from: decodeContinue(token) }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(match === undefined ? {} : { match }),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}

interface Combination {
  readonly resourceVersion: number | undefined;
  readonly match: ListOptions["match"];
  readonly token: string;
  readonly sendInitialEvents: boolean | undefined;
}

type Problem = { readonly reason: "FieldValueForbidden"; readonly field: string; readonly message: string };

/** k8s.io/apimachinery, internalversion/validation. */
function listProblem({ resourceVersion, match, token, sendInitialEvents }: Combination): Problem | undefined {
  if (sendInitialEvents !== undefined)
    return forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
  if (match === undefined) return undefined;
  if (resourceVersion === undefined)
    return forbidden(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden unless resourceVersion is provided",
    );
  if (token !== "")
    return forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  if (match === "Exact" && resourceVersion === 0)
    return forbidden(
      "resourceVersionMatch",
      'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    );
  return undefined;
}

function watchProblem({ match, sendInitialEvents }: Combination): Problem | undefined {
  if (sendInitialEvents === undefined)
    return match === undefined
      ? undefined
      : forbidden(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        );
  return match === "NotOlderThan"
    ? undefined
    : forbidden(
        "resourceVersionMatch",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      );
}

function forbidden(field: string, why: string): Problem {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

/** `?resourceVersion=`; `undefined`: none. Throws `BadRequest`. */
export function revisionOf(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new ApiError("BadRequest", `invalid resource version ${JSON.stringify(text)}`);
  return Number(text);
}

function matchOf(text: string | null): ListOptions["match"] {
  if (text === null || text === "") return undefined;
  if (text === "Exact" || text === "NotOlderThan") return text;
  throw invalidOptions("ListOptions", [
    notSupported("resourceVersionMatch", text, ["Exact", "NotOlderThan", ""]),
  ]);
}

function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new ApiError("BadRequest", `${name} must be a whole number`);
  // Less than nothing is no limit, as in Kubernetes.
  return Math.max(0, Number(text));
}

/** As Go's strconv.ParseBool in query parameters: present and empty is true. */
function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && !["0", "f", "F", "false", "FALSE", "False"].includes(text);
}

function selector<S>(parse: () => S): S {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SelectorError) throw new ApiError("BadRequest", error.message);
    throw error;
  }
}

function knownFields(fields: FieldSelector, definition: ResourceDefinition): FieldSelector {
  const known = [...commonFields, ...(definition.selectableFields ?? [])];
  for (const { field } of fields) {
    if (!known.includes(field))
      throw new ApiError(
        "BadRequest",
        `field label not supported: ${field}; supported are ${known.join(", ")}`,
      );
  }
  return fields;
}

/** Opaque to clients; says where to go on and at which revision. */
export function encodeContinue({ revision, key }: ContinueToken): string {
  const { namespace, name, remaining } = key;
  const bytes = new TextEncoder().encode(JSON.stringify([1, revision, namespace, name, remaining]));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function decodeContinue(token: string): ContinueToken {
  const parsed = parseToken(token);
  if (!Array.isArray(parsed) || parsed[0] !== 1)
    throw new ApiError("BadRequest", "continue key is not valid");
  const [, revision, namespace, name, remaining] = parsed as unknown[];
  if (typeof namespace !== "string" || typeof name !== "string" || !Number.isSafeInteger(revision))
    throw new ApiError("BadRequest", "continue key is not valid");
  return {
    revision: Number(revision),
    key: { namespace, name, ...(Number.isSafeInteger(remaining) ? { remaining: Number(remaining) } : {}) },
  };
}

function parseToken(token: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(token.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
      character.charCodeAt(0),
    );
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return undefined;
  }
}
