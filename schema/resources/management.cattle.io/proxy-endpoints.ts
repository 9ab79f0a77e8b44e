/** management.cattle.io/v3 ProxyEndpoint: hosts that `/meta/proxy` may forward to. */
import type { KubeObject } from "../../object.ts";
import type { AdmissionContext, ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import { management } from "./group.ts";

const schema = once(
  () =>
    ({
      type: "object",
      properties: {
        spec: {
          type: "object",
          required: ["routes"],
          properties: {
            routes: {
              type: "array",
              items: {
                type: "object",
                required: ["domain"],
                properties: {
                  /** `api.example.com`; `*.example.com` for any beginning, `%` for any one label in the middle. */
                  domain: { type: "string", maxLength: 253 },
                },
              },
            },
          },
        },
        status: { type: "object" },
      },
    }) as const satisfies JsonSchema,
);

export type ProxyEndpoint = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const proxyEndpoints: ResourceDefinition<ProxyEndpoint> = {
  ...management,
  kind: "ProxyEndpoint",
  plural: "proxyendpoints",
  singular: "proxyendpoint",
  scope: "Cluster",
  schema,
  statusSubresource: true,
  validate,
};

const label = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;
/** Second labels under which countries register names: `com.cn` is as wide as `com`. */
const registries = ["ac", "co", "com", "edu", "gob", "gov", "go", "mil", "ne", "net", "nom", "or", "org"];

/**
 * Why a route is refused, or `undefined`. The label that somebody registers is always spelled out: `%.com` or `*.co.uk`
 * would open half the Internet to whoever holds a cloud credential (webhook, ProxyEndpoint). Rancher reads the public
 * suffix list; this is the rule without the list.
 */
export function routeProblem(domain: string): string | undefined {
  if (/[:/\s]/.test(domain)) return "must be a host alone, without protocol, port and path";
  const labels = domain.split(".");
  const [first = "", ...others] = labels;
  const beginning = first === "*" || first === "%" || label.test(first.replace(/^\*/, ""));
  if (!beginning || !others.every((part) => part === "%" || label.test(part)))
    return "labels are letters, digits and dashes, or % alone; a * only begins";
  const [country = "", second = "", third = ""] = labels.toReversed();
  const suffix = country.length === 2 && registries.includes(second) ? 2 : 1;
  const registered = suffix === 2 ? third : second;
  if (registered === "" || registered === "*" || registered === "%" || country === "%" || second === "%")
    return "must name the domain that is registered: no wildcard right before or in its suffix";
  return undefined;
}

function validate({ operation, object }: AdmissionContext<ProxyEndpoint>): FieldError[] {
  if (operation === "DELETE") return [];
  return (object.spec?.routes ?? []).flatMap(({ domain }, index) => {
    const problem = routeProblem(domain);
    return problem === undefined ? [] : [invalid(`spec.routes[${index}].domain`, domain, problem)];
  });
}
