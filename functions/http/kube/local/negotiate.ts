/** What form an answer takes, as kube-apiserver chooses it from Accept, `?pretty=` and the user agent. Pure. */
import { parseAccept } from "./accept.ts";

export type MetaVersion = "meta.k8s.io/v1" | "meta.k8s.io/v1beta1";

/** The text of an answer. */
export interface Format {
  readonly format: "json" | "yaml";
  /** Indented JSON. */
  readonly pretty: boolean;
  readonly contentType: string;
}

export interface Output extends Format {
  readonly as: "object" | "Table" | "PartialObjectMetadata";
  /** PartialObjectMetadataList was asked for: `metadataMismatch` says whether that fits. */
  readonly asList: boolean;
  /** The version of the Table or PartialObjectMetadata. */
  readonly apiVersion: MetaVersion;
}

export interface DiscoveryOutput extends Format {
  /** Groups, versions and resources in one document of apidiscovery.k8s.io/v2. */
  readonly aggregated: boolean;
}

/**
 * For answers about objects. `undefined`: 406. Protobuf is not served: a client that accepts nothing else gets 406, others
 * the next thing they accept. `whole`: what is asked for is no object that a table could show.
 */
export function negotiate(
  accept: string | null,
  query = new URLSearchParams(),
  userAgent = "",
  whole = false,
): Output | undefined {
  const chosen = choose(
    accept,
    (transform) => transform === undefined || (!whole && isMetaTransform(transform)),
  );
  if (chosen === undefined) return undefined;
  const { transform } = chosen;
  return {
    ...formatOf(chosen, query, userAgent),
    as: asOf(transform?.kind),
    asList: transform?.kind === "PartialObjectMetadataList",
    apiVersion: transform?.version === "v1beta1" ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1",
  };
}

/** For Status, /version and all else that has one form only. `undefined`: 406. */
export function negotiateFormat(
  accept: string | null,
  query = new URLSearchParams(),
  userAgent = "",
): Format | undefined {
  const chosen = choose(accept, (transform) => transform === undefined);
  return chosen === undefined ? undefined : formatOf(chosen, query, userAgent);
}

/**
 * For /api and /apis. A client that names apidiscovery.k8s.io/v2 anywhere gets it, wherever in its Accept header; v2beta1
 * is not served, as in kube-apiserver 1.36. `undefined`: 406.
 */
export function negotiateDiscovery(
  accept: string | null,
  query = new URLSearchParams(),
  userAgent = "",
): DiscoveryOutput | undefined {
  const chosen = choose(accept, isDiscoveryTransform);
  if (chosen?.transform === undefined) {
    const format = negotiateFormat(accept, query, userAgent);
    return format === undefined ? undefined : { ...format, aggregated: false };
  }
  const format = formatOf(chosen, query, userAgent);
  const { group, version, kind } = chosen.transform;
  return {
    ...format,
    contentType: `${format.contentType};g=${group};v=${version};as=${kind}`,
    aggregated: true,
  };
}

/** Message of the 406 for PartialObjectMetadata of a list and PartialObjectMetadataList of an object. */
export function metadataMismatch({ as, asList }: Output, kind: string, isList: boolean): string | undefined {
  if (as !== "PartialObjectMetadata" || asList === isList) return undefined;
  return isList
    ? `you requested PartialObjectMetadata, but the requested object is a list (${kind})`
    : `you requested PartialObjectMetadataList, but the requested object is not a list (${kind})`;
}

interface Transform {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Chosen {
  readonly format: Format["format"];
  readonly pretty: boolean;
  readonly transform: Transform | undefined;
}

const formats = ["json", "yaml"] as const;

/** The first clause that names a served type with allowed parameters. Without a header, or an empty one: JSON. */
function choose(
  accept: string | null,
  allows: (transform: Transform | undefined) => boolean,
): Chosen | undefined {
  if (accept === null || accept === "") {
    return { format: "json", pretty: false, transform: undefined };
  }
  for (const { type, subtype, parameters } of parseAccept(accept)) {
    if (type !== "application" && type !== "*") continue;
    for (const format of formats) {
      if (subtype !== format && subtype !== "*") continue;
      const transform = transformOf(parameters);
      const stream = parameters.get("stream") ?? "";
      const streams = stream === "" || (stream === "watch" && format === "json");
      const serverVersion = parameters.get("sv") ?? "";
      if (!streams || !["", "v1"].includes(serverVersion) || !allows(transform)) continue;
      return { format, pretty: parameters.get("pretty") === "1", transform };
    }
  }
  return undefined;
}

function transformOf(parameters: ReadonlyMap<string, string>): Transform | undefined {
  if (!["as", "g", "v"].some((name) => parameters.has(name))) return undefined;
  const [kind = "", group = "", version = ""] = ["as", "g", "v"].map((name) => parameters.get(name));
  return { group, version, kind };
}

function isMetaTransform({ group, version, kind }: Transform): boolean {
  return (
    group === "meta.k8s.io" &&
    (version === "v1" || version === "v1beta1") &&
    ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"].includes(kind)
  );
}

function isDiscoveryTransform(transform: Transform | undefined): boolean {
  return (
    transform?.group === "apidiscovery.k8s.io" &&
    transform.version === "v2" &&
    transform.kind === "APIGroupDiscoveryList"
  );
}

function asOf(kind: string | undefined): Output["as"] {
  if (kind === undefined) return "object";
  return kind === "Table" ? "Table" : "PartialObjectMetadata";
}

function formatOf({ format, pretty }: Chosen, query: URLSearchParams, userAgent: string): Format {
  return { format, pretty: pretty || wantsPretty(query, userAgent), contentType: `application/${format}` };
}

/** Programs that people read the output of get it indented, unless they say otherwise. */
function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  const value = query.get("pretty") ?? "";
  if (value !== "") return ["1", "t", "T", "TRUE", "true", "True"].includes(value);
  return ["curl", "Wget", "Mozilla/5.0"].some((program) => userAgent.startsWith(program));
}
