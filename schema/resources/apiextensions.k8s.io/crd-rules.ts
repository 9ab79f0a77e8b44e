/** What must hold of a CustomResourceDefinition (k8s.io/apiextensions-apiserver, validation), but for its schemas. Pure. */
import type { FieldError } from "../../structural/types.ts";
import { subdomainProblems } from "../../structural/name-problems.ts";
import { duplicate, forbidden, immutable, invalid, required } from "../names.ts";
import { approvalOf, approvedAnnotation, isCommunityGroup } from "./crd-approval.ts";
import { columnErrors, partPath, scaleErrors } from "./crd-version-rules.ts";
import { isConditionTrue } from "./custom-resource-definitions.schema.ts";
import type {
  CrdNames,
  CrdSpec,
  CrdVersion,
  CustomResourceDefinition,
} from "./custom-resource-definitions.schema.ts";

const label = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const labelRule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

export function crdErrors(crd: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const { metadata, spec } = crd;
  const { names = {}, group = "" } = spec;
  return [
    ...(metadata.name === `${names.plural ?? ""}.${group}`
      ? []
      : [invalid("metadata.name", metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...groupErrors(group),
    ...scopeErrors(spec),
    ...versionsErrors(spec),
    ...namesErrors(names),
    ...conversionErrors(spec),
    ...(spec.preserveUnknownFields === true
      ? [
          invalid(
            "spec.preserveUnknownFields",
            true,
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
          ),
        ]
      : []),
    ...approvalErrors(crd, old),
    ...storedVersionErrors(crd),
    ...(old === undefined ? [] : changeErrors(crd, old)),
  ];
}

function groupErrors(group: string): FieldError[] {
  if (group === "") return [required("spec.group")];
  const problems = subdomainProblems(group);
  if (problems.length > 0) return problems.map((why) => invalid("spec.group", group, why));
  return group.includes(".")
    ? []
    : [invalid("spec.group", group, "should be a domain with at least one dot")];
}

function scopeErrors({ scope = "" }: CrdSpec): FieldError[] {
  if (scope === "") return [required("spec.scope")];
  if (scope === "Cluster" || scope === "Namespaced") return [];
  return [
    {
      reason: "FieldValueNotSupported",
      field: "spec.scope",
      message: `Unsupported value: ${JSON.stringify(scope)}: supported values: "Cluster", "Namespaced"`,
    },
  ];
}

function versionsErrors({ versions = [] }: CrdSpec): FieldError[] {
  const errors = versions.flatMap((version, index) => {
    const scaleAt = partPath(versions, index, "subresources");
    const columnsAt = partPath(versions, index, "additionalPrinterColumns");
    return [
      ...versionErrors(version, `spec.versions[${index}]`),
      ...(scaleAt === undefined ? [] : scaleErrors(version.subresources?.scale, `${scaleAt}.scale`)),
      ...(columnsAt === undefined ? [] : columnErrors(version.additionalPrinterColumns, columnsAt)),
    ];
  });
  const names = versions.map(({ name }) => name);
  // The value would be the whole list.
  if (new Set(names).size < names.length)
    errors.push(invalid("spec.versions", names, "must contain unique version names"));
  if (versions.filter(({ storage }) => storage === true).length !== 1)
    errors.push(invalid("spec.versions", names, "must have exactly one version marked as storage version"));
  return errors;
}

function versionErrors(version: CrdVersion, path: string): FieldError[] {
  const { name = "", deprecated, deprecationWarning: warning, schema } = version;
  const errors: FieldError[] = [];
  if (!label.test(name)) errors.push(invalid(`${path}.name`, name, labelRule));
  if (schema?.openAPIV3Schema === undefined) errors.push(required(`${path}.schema.openAPIV3Schema`));
  const wrong = warning === undefined ? undefined : warningProblem(deprecated === true, warning);
  if (wrong !== undefined) errors.push(invalid(`${path}.deprecationWarning`, warning, wrong));
  return errors;
}

function warningProblem(deprecated: boolean, warning: string): string | undefined {
  if (!deprecated) return "can only be set for deprecated versions";
  if (warning.length > 256) return "must be <= 256 characters long";
  if (warning === "") return "must not be an empty string";
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(warning) ? "must only contain printable UTF-8 characters" : undefined;
}

function namesErrors(names: CrdNames): FieldError[] {
  const errors: FieldError[] = [];
  const path = "spec.names";
  for (const member of ["plural", "singular", "kind", "listKind"] as const) {
    const name = names[member] ?? "";
    const mixed = member === "kind" || member === "listKind";
    if (name === "") errors.push(required(`${path}.${member}`));
    else if (!label.test(mixed ? name.toLowerCase() : name))
      errors.push(
        invalid(
          `${path}.${member}`,
          name,
          mixed ? `may have mixed case, but should otherwise match: ${labelRule}` : labelRule,
        ),
      );
  }
  for (const member of ["shortNames", "categories"] as const)
    for (const [index, name] of (names[member] ?? []).entries())
      if (!label.test(name)) errors.push(invalid(`${path}.${member}[${index}]`, name, labelRule));
  if ((names.kind ?? "") !== "" && names.kind === names.listKind)
    errors.push(invalid(`${path}.listKind`, names.listKind, "kind and listKind may not be the same"));
  return errors;
}

function conversionErrors({ conversion = {} }: CrdSpec): FieldError[] {
  const { strategy = "None", webhook } = conversion;
  if (strategy === "Webhook")
    return [
      forbidden(
        "spec.conversion.strategy",
        "Drover calls no webhooks: objects are converted by strategy None alone, that is, by their apiVersion",
      ),
    ];
  if (strategy !== "None")
    return [
      {
        reason: "FieldValueNotSupported",
        field: "spec.conversion.strategy",
        message: `Unsupported value: ${JSON.stringify(strategy)}: supported values: "None", "Webhook"`,
      },
    ];
  return webhook === undefined
    ? []
    : [forbidden("spec.conversion.webhook", "should not be set when strategy is not set to Webhook")];
}

function approvalErrors(crd: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  if (!isCommunityGroup(crd.spec.group ?? "")) return [];
  const { state, message } = approvalOf(crd);
  // Who changes something else need not clear up what was there.
  if (old !== undefined && approvalOf(old).state === state) return [];
  const field = `metadata.annotations[${approvedAnnotation}]`;
  if (state === "missing") return [required(field, message)];
  return state === "invalid" ? [invalid(field, crd.metadata.annotations?.[approvedAnnotation], message)] : [];
}

function storedVersionErrors({ spec, status }: CustomResourceDefinition): FieldError[] {
  const stored = status?.storedVersions ?? [];
  const known = (spec.versions ?? []).map(({ name }) => name);
  return [
    ...stored.flatMap((name, index) =>
      known.includes(name)
        ? []
        : [
            invalid(
              `status.storedVersions[${index}]`,
              name,
              `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
            ),
          ],
    ),
    ...stored.flatMap((name, index) =>
      stored.indexOf(name) === index ? [] : [duplicate(`status.storedVersions[${index}]`, name)],
    ),
  ];
}

function changeErrors({ spec }: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] {
  const { names = {} } = spec;
  const before = old.spec.names ?? {};
  const established = isConditionTrue(old.status, "Established");
  return [
    ...(established ? immutable(old.spec, spec, ["scope"], "spec.") : []),
    ...(established ? immutable(before, names, ["kind"], "spec.names.") : []),
    ...immutable(old.spec, spec, ["group"], "spec."),
    ...immutable(before, names, ["plural"], "spec.names."),
  ];
}
