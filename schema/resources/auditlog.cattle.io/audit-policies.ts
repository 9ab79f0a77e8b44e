/** auditlog.cattle.io/v1 AuditPolicy: which requests are logged, how fully, and what is blacked out (auth.md 4.6). */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import { boolean, string, texts } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { column } from "../columns.ts";
import { metaConditionsSchema } from "../conditions.ts";
import { invalid, notSupported } from "../names.ts";

const schema = once(() => {
  const parts = { type: "object", properties: { headers: boolean, body: boolean } } as const;
  return {
    type: "object",
    required: ["spec"],
    properties: {
      spec: {
        type: "object",
        required: ["enabled"],
        properties: {
          enabled: boolean,
          filters: {
            type: "array",
            items: { type: "object", properties: { action: string, requestURI: string } },
          },
          additionalRedactions: {
            type: "array",
            items: { type: "object", properties: { headers: texts, paths: texts } },
          },
          verbosity: {
            type: "object",
            required: ["level"],
            properties: {
              /** 0 nothing but that it happened, 1 headers, 2 the request, 3 the answer too. */
              level: { type: "integer" },
              request: parts,
              response: parts,
            },
          },
        },
      },
      status: { type: "object", properties: { conditions: metaConditionsSchema } },
    },
  } as const satisfies JsonSchema;
});

export type AuditPolicy = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const auditPolicies: ResourceDefinition<AuditPolicy> = {
  group: "auditlog.cattle.io",
  version: "v1",
  kind: "AuditPolicy",
  plural: "auditpolicies",
  singular: "auditpolicy",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  printerColumns: [
    column("Enabled", ".spec.enabled"),
    column("Active", '.status.conditions[?(@.type == "Active")].status'),
    column("Valid", '.status.conditions[?(@.type == "Valid")].status'),
  ],
  validate,
};

const actions = ["allow", "deny"];

function validate({ operation, object }: AdmissionContext<AuditPolicy>): FieldError[] {
  if (operation === "DELETE") return [];
  const { verbosity, filters = [], additionalRedactions = [] } = object.spec;
  const errors: FieldError[] = [];
  if (verbosity !== undefined && (verbosity.level < 0 || verbosity.level > 3))
    errors.push(invalid("spec.verbosity.level", verbosity.level, "must be 0, 1, 2 or 3"));
  filters.forEach(({ action = "", requestURI = "" }, index) => {
    const path = `spec.filters[${index}]`;
    if (!actions.includes(action)) errors.push(notSupported(`${path}.action`, action, actions));
    if (!isRegex(requestURI))
      errors.push(invalid(`${path}.requestURI`, requestURI, "must be a regular expression"));
  });
  additionalRedactions.forEach(({ headers = [], paths = [] }, index) => {
    const path = `spec.additionalRedactions[${index}]`;
    headers.forEach((header, at) => {
      if (!isRegex(header))
        errors.push(invalid(`${path}.headers[${at}]`, header, "must be a regular expression"));
    });
    paths.forEach((value, at) => {
      if (!isJsonPath(value)) errors.push(invalid(`${path}.paths[${at}]`, value, "must be a JSONPath"));
    });
  });
  return errors;
}

/** Go's flags for the whole expression, `(?i)`, are the one common form that JavaScript writes otherwise. */
function isRegex(text: string): boolean {
  try {
    return new RegExp(text.replace(/^\(\?[ims]+\)/, ""), "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** `$.a.b`, `$..password`, `$.list[*].key`, `$..[a,b]`, `$['a']`, `$[0:2]`. */
function isJsonPath(text: string): boolean {
  return /^\$(?:\.{0,1}\.(?:\*|[\p{L}_$][\p{L}\p{N}_$-]*)|(?:\.\.)?\[(?:\*|-?\d*(?::-?\d*){0,2}|(?:'[^']*'|"[^"]*"|[\w$-]+)(?:\s*,\s*(?:'[^']*'|"[^"]*"|[\w$-]+))*)\])*$/u.test(
    text,
  );
}
