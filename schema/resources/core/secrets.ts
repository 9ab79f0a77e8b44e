/** core/v1 Secret. `data` is sealed at rest; a registration token is found by the SHA-256 of its text. */
import { sha256Hex } from "../../auth/token-secret.ts";
import { passwordHashAnnotation } from "../../auth/password.ts";
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { creatorErrors, noCreatorErrors, withCreator } from "../creator.ts";
import { hasRightsOf } from "../management.cattle.io/bound-rules.ts";
import { base64Schema, configKeyProblem, decodedLength, joinedLines } from "./config-data.ts";
import { extensionTokenErrors } from "./extension-tokens.ts";
import { machinePlanErrors, machinePlanType } from "./machine-plan.ts";
import { accountNameAnnotation, secretTypeErrors, serviceAccountTokenType } from "./secret-types.ts";
import { forbidden, immutable, invalid, required } from "../names.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        type: { type: "string", default: "Opaque" },
        immutable: { type: "boolean" },
        data: { type: "object", additionalProperties: base64Schema },
        // Write-only: merged into `data` before anything is stored.
        stringData: { type: "object", additionalProperties: { type: "string" } },
      },
    }) as const satisfies JsonSchema,
);

export type Secret = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Secrets of ClusterRegistrationTokens: `crt-token-<name>` in the namespace of the cluster (tunnel.md 2.11). */
export const registrationSecretPrefix = "crt-token-";
/** So that all of them can be listed at once. */
export const registrationSecretLabel = "drover.io/registration-token";
/** Hex SHA-256 of `data.token` and `data.previousToken`: indexed, where the tokens themselves are sealed. */
const hashAnnotations = {
  token: "drover.io/token-sha256",
  previousToken: "drover.io/previous-token-sha256",
} as const;

/** Hashed passwords of local users (auth.md 2.1). */
const passwordNamespace = "cattle-local-user-passwords";
const cloudCredentialType = "provisioning.cattle.io/cloud-credential";
/** Kubernetes' limit, in bytes of decoded data. */
const maxSize = 1024 * 1024;

export const secrets: ResourceDefinition<Secret> = {
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  singular: "secret",
  scope: "Namespaced",
  schema,
  sensitive: ["/data"],
  selectableFields: ["type"],
  printerColumns: [{ name: "Type", type: "string", jsonPath: ".type" }],
  indexes: {
    // Of tokens of service accounts: whose, and `*` for all of them.
    serviceAccount: ({ type, metadata: { namespace = "", annotations } }) =>
      type === serviceAccountTokenType
        ? [`${namespace}/${annotations?.[accountNameAnnotation] ?? ""}`, "*"]
        : [],
    registrationToken: ({ metadata }) =>
      Object.values(hashAnnotations).flatMap((name) => metadata.annotations?.[name] ?? []),
  },
  mutate,
  validate,
};

async function mutate(context: AdmissionContext<Secret>): Promise<Secret> {
  const { stringData, ...object } =
    context.object.type === cloudCredentialType ? withCreator(context) : context.object;
  const data = Object.entries(object.data ?? {});
  const inLines = data.some(([, base64]) => /[\r\n]/.test(base64));
  const joined = inLines ? data.map(([key, base64]) => [key, joinedLines(base64)] as const) : data;
  const added = Object.entries(stringData ?? {}).map(([key, text]) => [key, toBase64(text)] as const);
  // Empty is as good as absent, as in Go.
  if (object.type === "") object.type = "Opaque";
  const secret =
    added.length === 0 && !inLines ? object : { ...object, data: Object.fromEntries([...joined, ...added]) };
  return secret.metadata.name.startsWith(registrationSecretPrefix) ? withTokenHashes(secret) : secret;
}

/** Of a cloud credential: who made it is whose it is. */
function creatorErrorsOf({ operation, object, old }: AdmissionContext<Secret>): FieldError[] {
  return object.type !== cloudCredentialType || operation === "DELETE"
    ? []
    : [...creatorErrors(old, object), ...noCreatorErrors(object)];
}

/** Rights that a Secret owns are those to itself: without it they would be somebody's for good (webhook, Secret). */
async function orphanErrors({
  orphans,
  object,
  lookupByIndex,
}: AdmissionContext<Secret>): Promise<FieldError[]> {
  const { uid } = object.metadata;
  if (orphans !== true || uid === undefined) return [];
  const owned = await Promise.all(
    ["roles", "rolebindings"].map((plural) =>
      lookupByIndex(`${plural}.rbac.authorization.k8s.io`, "ownerUid", uid),
    ),
  );
  return owned.flat().length === 0
    ? []
    : [
        forbidden(
          "metadata",
          "a Secret that owns Roles or RoleBindings cannot be deleted with policy Orphan",
        ),
      ];
}

/** Whoever writes the Secret and whatever annotations he sends: the index tells what is in `data`. */
async function withTokenHashes(secret: Secret): Promise<Secret> {
  const annotations = { ...secret.metadata.annotations };
  for (const key of ["token", "previousToken"] as const) {
    const token = secretText(secret, key);
    if (token === "") delete annotations[hashAnnotations[key]];
    else annotations[hashAnnotations[key]] = await sha256Hex(token);
  }
  const labels = { ...secret.metadata.labels, [registrationSecretLabel]: "true" };
  return { ...secret, metadata: { ...secret.metadata, labels, annotations } };
}

async function validate(context: AdmissionContext<Secret>): Promise<FieldError[]> {
  const { operation, object, old } = context;
  const entries = Object.entries(object.data ?? {});
  const errors = immutable(old, object, ["type"]);
  const fixed = old?.immutable === true ? immutable(old, object, ["immutable", "data"]) : [];
  errors.push(...fixed.map(({ field }) => forbidden(field, "field is immutable when `immutable` is set")));
  let size = 0;
  for (const [key, value] of entries) {
    const problem = configKeyProblem(key);
    if (problem !== undefined) errors.push(invalid(`data[${key}]`, key, problem));
    const bytes = decodedLength(value);
    // Never the value itself: errors are logged and shown.
    if (bytes === undefined) errors.push(invalid(`data[${key}]`, "…", "must be base64"));
    size += bytes ?? 0;
  }
  if (size > maxSize)
    errors.push({
      reason: "FieldValueTooLong",
      field: "data",
      message: `Too long: may not be more than ${maxSize} bytes`,
    });
  errors.push(...secretTypeErrors(object), ...creatorErrorsOf(context), ...(await orphanErrors(context)));
  if (object.type === machinePlanType && operation !== "DELETE" && Object.hasOwn(object.data ?? {}, "plan"))
    errors.push(...machinePlanErrors(secretText(object, "plan")));
  const { namespace, name, annotations } = object.metadata;
  // Rancher hashes a clear password here. Ours refuses it: no hash function belongs into a declaration, and a clear
  // password must never be stored by accident.
  if (namespace === passwordNamespace && annotations?.[passwordHashAnnotation] === undefined)
    errors.push(required(`metadata.annotations[${passwordHashAnnotation}]`, "passwords are stored hashed"));
  errors.push(...(await extensionTokenErrors(context, (key) => secretText(object, key))));
  // Whoever sets a password can be its user (CVE-2025-23391).
  if (namespace === passwordNamespace && operation !== "DELETE" && !(await hasRightsOf(context, name)))
    errors.push(forbidden("metadata.name", "the user has rights that you do not have"));
  return errors;
}

/** A value of `data` as text; empty when it is absent or no base64. */
export function secretText(secret: Pick<Secret, "data">, key: string): string {
  const value = secret.data !== undefined && Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
  if (value === undefined) return "";
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(value), (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
}

export function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
