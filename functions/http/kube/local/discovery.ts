/** The documents by which clients learn what the API serves, from the declared types (k8s.io/apiserver, discovery). Pure. */
import { apiVersionOf, typeKey } from "../../../../schema/resource.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { compareVersions } from "../../../../schema/custom/version-order.ts";

/** A declared type, or a user's in one of its versions. */
export type DiscoveredType = Pick<
  ResourceDefinition,
  | "group"
  | "version"
  | "kind"
  | "plural"
  | "singular"
  | "shortNames"
  | "categories"
  | "scope"
  | "statusSubresource"
  | "scaleSubresource"
  | "finalizeSubresource"
  | "verbs"
  | "subresources"
  | "view"
> & {
  readonly custom?: { readonly terminating: boolean; readonly storedAs: string };
};

const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;
const statusVerbs = ["get", "patch", "update"] as const;
const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale" } as const;
/** Nobody can delete all Namespaces by one request, in Kubernetes neither. */
const withoutCollection: readonly string[] = ["namespaces"];

/** What may be done with objects of a type; all else is refused with 405. */
export function verbsOf(type: Pick<DiscoveredType, "group" | "plural" | "verbs">): readonly string[] {
  const { verbs = allVerbs } = type;
  return withoutCollection.includes(typeKey(type))
    ? verbs.filter((verb) => verb !== "deletecollection")
    : verbs;
}

/** A type that is going is not for writing, although its objects may be, so that their finalizers can go. */
function listedVerbs(type: DiscoveredType): readonly string[] {
  const verbs = verbsOf(type);
  if (type.custom?.terminating !== true) return verbs;
  return verbs.filter((verb) => !["create", "patch", "update"].includes(verb));
}

/**
 * The older documents, one per path: `/api`, `/api/v1`, `/apis`, `/apis/<group>`, `/apis/<group>/<version>`. `undefined` for
 * a path that no type belongs to: 404. `serverAddress` (`host:port`) is where the client reached the server.
 */
export function legacyDiscovery(
  types: readonly DiscoveredType[],
  path: string,
  serverAddress: string,
): object | undefined {
  const [, root, group, version, ...rest] = path.split("/");
  if (rest.length > 0) return undefined;
  if (root === "api") {
    if (version !== undefined) return undefined;
    return group === undefined ? apiVersions(types, serverAddress) : resourceList(types, "", group);
  }
  if (root !== "apis") return undefined;
  if (group === undefined) {
    return {
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: namedGroups(types).map((name) => apiGroup(types, name)),
    };
  }
  if (!namedGroups(types).includes(group)) return undefined;
  if (version !== undefined) return resourceList(types, group, version);
  return { kind: "APIGroup", apiVersion: "v1", ...apiGroup(types, group) };
}

/** apidiscovery.k8s.io/v2: `/api` has the core group, `/apis` all others. */
export function aggregatedDiscovery(types: readonly DiscoveredType[], path: "/api" | "/apis"): object {
  const groups = path === "/api" ? [""] : namedGroups(types);
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map((name) => ({
      metadata: name === "" ? {} : { name },
      versions: versionsOf(types, name).map((version) => ({
        version,
        resources: typesOf(types, name, version).map(resourceDiscovery),
        freshness: "Current",
      })),
    })),
  };
}

/** The document's text decides: the same types give the same tag in every isolate. */
export async function discoveryTag(document: object): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `"${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** Those of Kubernetes itself by its priorities, then the others by name: this decides between equal short names. */
const kubernetesGroups = [
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "rbac.authorization.k8s.io",
  "apiextensions.k8s.io",
  "coordination.k8s.io",
];

function namedGroups(types: readonly DiscoveredType[]): string[] {
  const names = new Set(types.map(({ group }) => group).filter((group) => group !== ""));
  const known = kubernetesGroups.filter((group) => names.has(group));
  return [...known, ...[...names].filter((group) => !known.includes(group)).toSorted()];
}

/** The preferred one first. */
function versionsOf(types: readonly DiscoveredType[], group: string): string[] {
  const own = types.filter((type) => type.group === group).map(({ version }) => version);
  return [...new Set(own)].toSorted(compareVersions);
}

function typesOf(types: readonly DiscoveredType[], group: string, version: string): DiscoveredType[] {
  return types
    .filter((type) => type.group === group && type.version === version)
    .toSorted((a, b) => (a.plural < b.plural ? -1 : 1));
}

/** kube-apiserver leaves out `apiVersion` of what is under /api. */
function apiVersions(types: readonly DiscoveredType[], serverAddress: string): object {
  return {
    kind: "APIVersions",
    versions: versionsOf(types, ""),
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

function apiGroup(types: readonly DiscoveredType[], name: string): object {
  const versions = versionsOf(types, name).map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(types: readonly DiscoveredType[], group: string, version: string): object | undefined {
  const own = typesOf(types, group, version);
  if (own.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: apiVersionOf({ group, version }),
    resources: own.flatMap(apiResources),
  };
}

function apiResources(type: DiscoveredType): object[] {
  const { plural, singular, kind, scope } = type;
  const namespaced = scope === "Namespaced";
  const resource = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: listedVerbs(type),
    ...names(type),
  };
  const subresources = subresourcesOf(type).map(({ name, kindOf, verbs }) => ({
    name: `${plural}/${name}`,
    singularName: "",
    namespaced,
    ...(kindOf ?? { kind }),
    verbs,
  }));
  return [resource, ...subresources];
}

function resourceDiscovery(type: DiscoveredType): object {
  const { group, version, kind, plural, singular, scope } = type;
  const subresources = subresourcesOf(type);
  const responseKind = { group, version, kind };
  return {
    resource: plural,
    responseKind,
    scope,
    singularResource: singular,
    verbs: listedVerbs(type),
    ...names(type),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map(({ name, kindOf, verbs }) => ({
            subresource: name,
            responseKind: kindOf ?? responseKind,
            verbs,
          })),
        }),
  };
}

interface Subresource {
  readonly name: string;
  readonly verbs: readonly string[];
  /** Where it is not the type's own kind. */
  readonly kindOf?: { readonly group: string; readonly version: string; readonly kind: string };
}

function subresourcesOf({
  finalizeSubresource,
  statusSubresource,
  scaleSubresource,
  subresources = {},
}: DiscoveredType): Subresource[] {
  return [
    ...(finalizeSubresource === true ? [{ name: "finalize", verbs: ["update"] }] : []),
    ...(statusSubresource === true ? [{ name: "status", verbs: statusVerbs }] : []),
    ...(scaleSubresource === undefined ? [] : [{ name: "scale", verbs: statusVerbs, kindOf: scaleKind }]),
    ...Object.entries(subresources).map(([name, { group, version, kind, verbs }]) => ({
      name,
      verbs,
      kindOf: { group, version, kind },
    })),
  ];
}

function names({ shortNames = [], categories = [] }: DiscoveredType): object {
  return {
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
}
