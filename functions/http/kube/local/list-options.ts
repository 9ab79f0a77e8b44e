/** Query parameters of list, watch and deletecollection (metav1.ListOptions), judged as kube-apiserver judges them. Pure. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { formatFieldSelector, parseFieldSelector } from "../../../../schema/select/fields.ts";
import type { FieldSelector } from "../../../../schema/select/fields.ts";
import { SelectorError } from "../../../../schema/select/errors.ts";
import { parseLabelSelector } from "../../../../schema/select/labels.ts";
import type { LabelSelector } from "../../../../schema/select/labels.ts";
import type { PageKey } from "../../../../schema/store/pages.ts";
import { forbidden, notSupported } from "../../../../schema/resources/names.ts";
import type { FieldError } from "../../../../schema/structural/types.ts";
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
  const match = query.get("resourceVersionMatch") ?? "";
  const token = query.get("continue") ?? "";
  const limit = countOf(query, "limit");
  const timeoutSeconds = countOf(query, "timeoutSeconds");
  const sendInitialEvents = query.has("sendInitialEvents") ? flag(query, "sendInitialEvents") : undefined;
  const options = { resourceVersion, match, token, sendInitialEvents };
  const problems = isWatch ? watchProblems(options) : listProblems(options);
  if (problems.length > 0) throw invalidOptions("ListOptions", problems);
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
    ...(match === "Exact" || match === "NotOlderThan" ? { match } : {}),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}

interface Combination {
  readonly resourceVersion: number | undefined;
  /** Empty: none. */
  readonly match: string;
  readonly token: string;
  readonly sendInitialEvents: boolean | undefined;
}

const matchField = "resourceVersionMatch";
const afterContinue = forbidden(matchField, `${matchField} is forbidden when continue is provided`);

/** k8s.io/apimachinery, internalversion/validation. */
function listProblems({ resourceVersion, match, token, sendInitialEvents }: Combination): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== "") {
    if (resourceVersion === undefined)
      errors.push(forbidden(matchField, `${matchField} is forbidden unless resourceVersion is provided`));
    if (token !== "") errors.push(afterContinue);
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.push(notSupported(matchField, match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && resourceVersion === 0)
      errors.push(forbidden(matchField, `${matchField} "exact" is forbidden for resourceVersion "0"`));
  }
  if (sendInitialEvents !== undefined)
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  return errors;
}

function watchProblems({ match, token, sendInitialEvents }: Combination): FieldError[] {
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    errors.push(forbidden(matchField, `sendInitialEvents requires setting ${matchField} to NotOlderThan`));
  if (match !== "") {
    if (sendInitialEvents === undefined)
      errors.push(
        forbidden(matchField, `${matchField} is forbidden for watch unless sendInitialEvents is provided`),
      );
    if (match !== "NotOlderThan") errors.push(notSupported(matchField, match, ["NotOlderThan"]));
  }
  if (token !== "") errors.push(afterContinue);
  return errors;
}

/** `?resourceVersion=`; `undefined`: none. Throws `BadRequest`. */
export function revisionOf(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new ApiError(
      "BadRequest",
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${parseProblem("ParseUint", text)}`,
    );
  return Number(text);
}

/** Client-go knows by the cause that it has to list without a revision. */
export function tooLargeRevision(asked: number, current: number): ApiError {
  return new ApiError("Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    retryAfter: 1,
    causes: [{ reason: "ResourceVersionTooLarge", field: "", message: "Too large resource version" }],
  });
}

function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw new ApiError("BadRequest", parseProblem("ParseInt", text));
  // Less than nothing is no limit, as in Kubernetes.
  return Math.max(0, Number(text));
}

/** In the words of Go's strconv. */
function parseProblem(parser: "ParseInt" | "ParseUint", text: string): string {
  const why = /^[+-]?\d+$/.test(text) && !text.startsWith("-") ? "value out of range" : "invalid syntax";
  return `strconv.${parser}: parsing ${JSON.stringify(text)}: ${why}`;
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
        definition.selectableFields === undefined && definition.custom === undefined
          ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `field label not supported: ${field}`,
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
