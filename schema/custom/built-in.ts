/**
 * CustomResourceDefinitions of types that Drover declares itself, as a Rancher server has them: charts and controllers look
 * for them by name. They are stored, so that lists, watches and pages need to know nothing of them, but their spec and
 * status are the declaration's, whatever a client writes. Pure.
 */
import { typeKey } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
import { isCommunityGroup } from "../resources/apiextensions.k8s.io/crd-approval.ts";
import type {
  CrdSpec,
  CustomResourceDefinition,
} from "../resources/apiextensions.k8s.io/custom-resource-definitions.schema.ts";
import { decodeSchema } from "../structural/schema-props.ts";

/** Served by an extension server of Rancher's, not by its CustomResourceDefinitions. */
const extensionGroups = ["ext.cattle.io"];

/** Not of Kubernetes' own types, nor of questions, which are never stored. */
export function hasDefinition({ group, verbs, custom }: ResourceDefinition): boolean {
  return (
    custom === undefined &&
    group.includes(".") &&
    !isCommunityGroup(group) &&
    !extensionGroups.includes(group) &&
    (verbs === undefined || verbs.includes("list"))
  );
}

/** As a client would make it, without status. */
export function builtInDefinition(definition: ResourceDefinition): CustomResourceDefinition {
  const { definitionLabels: labels } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: typeKey(definition), ...(labels === undefined ? {} : { labels: { ...labels } }) },
    spec: specOf(definition),
  };
}

function specOf(definition: ResourceDefinition): CrdSpec {
  const { group, version, kind, plural, singular, scope, shortNames, categories } = definition;
  const { listKind = `${kind}List`, printerColumns, selectableFields, statusSubresource } = definition;
  const { scaleSubresource: scale } = definition;
  const { properties = {}, ...schema } = definition.schema();
  const envelope = { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" } };
  // What only built-in types say, such as how patches merge, is no part of a CustomResourceDefinition.
  const decoded = decodeSchema({ ...schema, properties: { ...envelope, ...properties } });
  return {
    group,
    scope,
    names: {
      plural,
      singular,
      kind,
      listKind,
      ...(shortNames === undefined ? {} : { shortNames: [...shortNames] }),
      ...(categories === undefined ? {} : { categories: [...categories] }),
    },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: decoded as Record<string, unknown> },
        ...(statusSubresource === true || scale !== undefined
          ? {
              subresources: {
                ...(statusSubresource === true ? { status: {} } : {}),
                ...(scale === undefined ? {} : { scale: { ...scale } }),
              },
            }
          : {}),
        ...(printerColumns === undefined
          ? {}
          : { additionalPrinterColumns: printerColumns.map((column) => ({ ...column })) }),
        ...(selectableFields === undefined
          ? {}
          : { selectableFields: selectableFields.map((path) => ({ jsonPath: `.${path}` })) }),
      },
    ],
    conversion: { strategy: "None" },
  };
}
