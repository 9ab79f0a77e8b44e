/** drover.io/v1 Peer: another installation, whose clusters are reached here or that reaches ours (docs/design/peers.md). */
import { allClusters } from "../../internal/peers.ts";
import type { KubeObject } from "../../object.ts";
import { allows } from "../../rbac/evaluate.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { ageColumn, column } from "../columns.ts";
import { conditionsByType } from "../conditions.ts";
import { forbidden, invalid, isDnsSubdomain, required } from "../names.ts";

const schema = once(
  () =>
    ({
      type: "object",
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          properties: {
            /** `wss://host[:port]/v3/connect`; absent: it is not dialled, and reaches nothing of ours. */
            url: string,
            /** PEM bundle that the certificate of `url` is verified against, and nothing else. */
            caCert: string,
            /** The id that we go by there. */
            localId: string,
            /** Ids of our clusters that the peer may use, with all rights in them; `*` = all. Absent: none. */
            offeredClusters: texts,
            /** Ids of clusters for which requests may go to the peer; `*` = all that it announces. Absent: none. */
            usedClusters: texts,
          },
        },
        status: { type: "object", properties: { conditions: conditionsByType } },
      },
    }) as const satisfies JsonSchema,
);

/** Its name is the id that the peer shows. */
export type Peer = KubeObject & FromSchema<ReturnType<typeof schema>>;

/** Of its Secret, in `peerSecretNamespace`: `peer-<name>`. */
export const peerSecretPrefix = "peer-";
export const peerSecretNamespace = "cattle-global-data";
/** `incoming`: what the peer shows, `previousIncoming`: what it showed before, as long as that is to count. `outgoing`: what we show. */
export const peerSecretKeys = {
  incoming: "incoming",
  previous: "previousIncoming",
  outgoing: "outgoing",
} as const;
/** A shorter one could be guessed, and is none. */
export const minSecretLength = 20;
/** An index that Peers have which are offered anything. */
export const offeringIndex = "offering";

export const peers: ResourceDefinition<Peer> = {
  group: "drover.io",
  version: "v1",
  kind: "Peer",
  plural: "peers",
  singular: "peer",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("URL", ".spec.url"),
    column("Dialled", '.status.conditions[?(@.type=="Dialled")].status'),
    column("Accepted", '.status.conditions[?(@.type=="Accepted")].status'),
    ageColumn(),
  ],
  indexes: {
    [offeringIndex]: ({ spec }) => ((spec.offeredClusters ?? []).length > 0 ? ["yes"] : []),
  },
  validate,
};

function validate({ operation, object, actor }: AdmissionContext<Peer>): FieldError[] {
  if (operation === "DELETE") return [];
  const { metadata, spec } = object;
  const errors: FieldError[] = [];
  if (!isDnsSubdomain(metadata.name))
    errors.push(invalid("metadata.name", metadata.name, "must be a DNS subdomain"));
  if (spec.url !== undefined) errors.push(...dialErrors(spec));
  for (const name of ["offeredClusters", "usedClusters"] as const) {
    for (const [at, id] of (spec[name] ?? []).entries())
      if (id !== allClusters && (!isDnsSubdomain(id) || id === "local"))
        errors.push(invalid(`spec.${name}[${at}]`, id, "must be the id of a cluster, or *"));
  }
  if ((spec.offeredClusters ?? []).length > 0 && spec.url === undefined)
    errors.push(required("spec.url", "a peer reaches clusters by the session that is opened at it"));
  // A peer has all rights in what it is offered, and is shown all that goes to what is used of it.
  if (!allows(actor.rules, { verb: "*", group: "*", resource: "*" }))
    errors.push(forbidden("spec", "only who may do everything may say what a peer may do"));
  return errors;
}

function dialErrors({ url = "", caCert = "", localId = "" }: Peer["spec"]): FieldError[] {
  const errors: FieldError[] = [];
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // Credentials in a URL end up in logs.
  if (parsed?.protocol !== "wss:" || parsed.username !== "" || parsed.password !== "" || parsed.hash !== "")
    errors.push(invalid("spec.url", url.replace(/\/\/[^/@]*@/, "//…@"), "must be wss://host[:port]/path"));
  if (!caCert.includes("-----BEGIN CERTIFICATE-----"))
    errors.push(required("spec.caCert", "PEM, of what signs the certificate of spec.url"));
  if (!/^[\x21-\x7e]{1,128}$/.test(localId))
    errors.push(required("spec.localId", "up to 128 visible characters, by which the peer knows us"));
  return errors;
}
