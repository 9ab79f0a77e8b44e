/** `serviceaccounts/token`: a signed token of a service account, bound to a time and, if asked, to a Secret. */
import type { ObjectMeta } from "../../../../schema/object.ts";
import { apiVersionOf } from "../../../../schema/resource.ts";
import { secrets } from "../../../../schema/resources/core/secrets.ts";
import { tokenRequest } from "../../../../schema/resources/authentication.k8s.io/token-request.ts";
import type { TokenRequest } from "../../../../schema/resources/authentication.k8s.io/token-request.ts";
import { asGo } from "../../../../schema/resources/go-shape.ts";
import { invalid } from "../../../../schema/resources/names.ts";
import { invalidObject, notFound } from "../../../../schema/store/errors.ts";
import { timestamp } from "../../../../schema/store/metadata.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import { applyDefaults, prune, validate } from "../../../../schema/structural/engine.ts";
import type { FieldError } from "../../../../schema/structural/types.ts";
import { boundPayload } from "../../../identity/service-accounts/claims.ts";
import type { Reference } from "../../../identity/service-accounts/claims.ts";
import { issuerOf, signerOf } from "../../../identity/service-accounts/signer-of.ts";
import { absentAsUndefined } from "../../../store/absent.ts";
import { systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { answerObject } from "./answer.ts";
import { nameOf } from "./call.ts";
import type { Call } from "./call.ts";
import { decodeBody, requireType } from "./decode-body.ts";
import { readObject } from "./request-body.ts";
import { parseWriteQuery } from "./write-options.ts";

const minSeconds = 600;
const maxSeconds = 2 ** 32;
/** As errors name the kind that is asked for. */
const asked = { group: tokenRequest.group, kind: tokenRequest.kind, plural: "tokenrequests" };

/** Rights have been judged: `create` on `serviceaccounts/token`, for this name. */
export async function requestToken(call: Call): Promise<Response> {
  const { c, definition, namespace } = call;
  const name = nameOf(call);
  parseWriteQuery(call.query, "CreateOptions");
  const { metadata, spec } = await readRequest(call);
  // Who may ask for a token need not be able to read the account or the Secret, as in Kubernetes.
  const store = systemStore(c, "token-request");
  requireSame(name, "name", metadata.name, name, "must match the service account name if specified");
  requireSame(
    name,
    "namespace",
    metadata.namespace,
    namespace,
    "must match the service account namespace if specified",
  );
  const account = await absentAsUndefined(store.get(definition, namespace, name));
  if (account === undefined) throw notFound(definition, name);
  const uid = account.metadata.uid ?? "";
  if ((metadata.uid ?? "") !== "" && metadata.uid !== uid)
    throw conflict(
      name,
      `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`,
    );
  const seconds = spec.expirationSeconds ?? 3_600;
  const errors = expirationErrors(seconds);
  if (errors.length > 0) throw invalidObject(asked, "", errors);
  const secret = await boundSecret(store, namespace, spec.boundObjectRef);

  const issuer = await issuerOf(c.get("settings"));
  const audiences = (spec.audiences ?? []).length > 0 ? (spec.audiences ?? []) : [issuer];
  const now = Date.now();
  const issuedAt = Math.floor(now / 1_000);
  const expiresAt = issuedAt + seconds;
  const payload = boundPayload({
    issuer,
    namespace,
    account: { name, uid },
    secret,
    audiences,
    id: crypto.randomUUID(),
    issuedAt,
    expiresAt,
  });
  const token = await signerOf(c.env).sign(payload, { issuer, expiresAt });
  const answer: TokenRequest = {
    apiVersion: apiVersionOf(tokenRequest),
    kind: tokenRequest.kind,
    metadata: { ...metadata, name, namespace, uid, creationTimestamp: timestamp(new Date(now)) },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp: timestamp(new Date(expiresAt * 1_000)) },
  };
  return answerObject(call, answer, 201);
}

async function readRequest({
  c,
}: Call): Promise<{ metadata: Partial<ObjectMeta>; spec: TokenRequest["spec"] }> {
  const { value } = await readObject(c.req.raw);
  decodeBody(tokenRequest, value);
  requireType(tokenRequest, value);
  const { apiVersion: _a, kind: _k, metadata = {}, status: _s, ...rest } = value;
  const schema = tokenRequest.schema();
  prune(schema, rest);
  asGo(schema, rest);
  applyDefaults(schema, rest);
  const errors = validate(schema, rest);
  if (errors.length > 0) throw invalidObject(asked, "", errors);
  return { metadata: metadata as Partial<ObjectMeta>, spec: (rest as Pick<TokenRequest, "spec">).spec };
}

function requireSame(
  name: string,
  field: string,
  given: string | undefined,
  wanted: string,
  why: string,
): void {
  if ((given ?? "") === "" || given === wanted) return;
  throw invalidObject(asked, name, [invalid(`metadata.${field}`, given, why)]);
}

function expirationErrors(seconds: number): FieldError[] {
  const field = "spec.expirationSeconds";
  if (seconds < minSeconds)
    return [invalid(field, seconds, "may not specify a duration less than 10 minutes")];
  return seconds > maxSeconds
    ? [invalid(field, seconds, "may not specify a duration larger than 2^32 seconds")]
    : [];
}

/** Pods and nodes, to which Kubernetes binds too, are none of this API. */
async function boundSecret(
  store: BoundStore,
  namespace: string,
  reference: TokenRequest["spec"]["boundObjectRef"],
): Promise<Reference | undefined> {
  if (reference === undefined) return undefined;
  const { apiVersion = "", kind = "", name = "", uid = "" } = reference;
  if (apiVersion.includes("/") || kind !== "Secret")
    throw new ApiError(
      "BadRequest",
      `cannot bind token to object of type ${apiVersion.includes("/") ? "" : "/"}${apiVersion}, Kind=${kind}`,
    );
  const secret = await absentAsUndefined(store.get(secrets, namespace, name));
  if (secret === undefined) throw notFound(secrets, name);
  const actual = secret.metadata.uid ?? "";
  if (uid !== "" && uid !== actual)
    throw conflict(
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { name, uid: actual };
}

function conflict(name: string, why: string): ApiError {
  return new ApiError(
    "Conflict",
    `Operation cannot be fulfilled on ${asked.kind}.${asked.group} "${name}": ${why}`,
  );
}
