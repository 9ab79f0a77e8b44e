/**
 * The pod security template of a cluster: its kube-apiserver is to read an admission configuration, which stands in a Secret,
 * which is put on the control plane's nodes as a file (auth.md 7.8). The Secret is committed with the cluster.
 */
import type { KubeObject } from "../../object.ts";
import type { Alongside, AdmissionContext } from "../../resource.ts";
import type { Secret } from "../core/secrets.ts";
import type { FieldError } from "../../structural/types.ts";
import { invalid } from "../names.ts";
import type { ProvisioningCluster } from "./clusters.ts";
import { kubernetesVersionOf } from "./kubernetes-version.ts";

const fileKey = "admission-config-psact";
const argument = "admission-control-config-file";
const argumentList = "kube-apiserver-arg";
const templates = "podsecurityadmissionconfigurationtemplates.management.cattle.io";

type RkeConfig = NonNullable<NonNullable<ProvisioningCluster["spec"]>["rkeConfig"]>;
type SelectorFile = NonNullable<RkeConfig["machineSelectorFiles"]>[number];
type Template = KubeObject & { readonly configuration?: object };
type Context = Pick<AdmissionContext<ProvisioningCluster>, "operation" | "object" | "lookup" | "subresource">;

function secretNameOf({ metadata }: KubeObject): string {
  return `${metadata.name}-admission-configuration-psact`;
}

function templateNameOf({ spec }: ProvisioningCluster): string {
  return spec?.defaultPodSecurityAdmissionConfigurationTemplateName ?? "";
}

/** Whether its nodes are ours to configure: not the local cluster, nor one that is going, nor an imported one. */
function isConfigured({ metadata, spec }: ProvisioningCluster): boolean {
  const { rkeConfig } = spec ?? {};
  return (
    metadata.name !== "local" &&
    metadata.deletionTimestamp === undefined &&
    rkeConfig !== undefined &&
    rkeConfig !== null
  );
}

/** Kubernetes 1.23 was the first to read such a configuration. */
function canRead({ spec }: ProvisioningCluster): boolean {
  const version = kubernetesVersionOf(spec?.kubernetesVersion);
  return version !== undefined && version.minor >= 23;
}

/** The cluster with the file and the argument that its template calls for, or without both. */
export async function withPodSecurity({ object, lookup }: Context): Promise<ProvisioningCluster> {
  const { rkeConfig } = object.spec ?? {};
  if (!isConfigured(object) || !canRead(object) || rkeConfig === undefined || rkeConfig === null)
    return object;
  const content = await configurationOf(object, lookup);
  // A template that is not there is an error of `podSecurityErrors`.
  if (content === undefined && templateNameOf(object) !== "") return object;
  const files = (rkeConfig.machineSelectorFiles ?? []).filter((file) => !isOurs(file, object));
  if (content !== undefined) files.push(await fileOf(object, content));
  const given = argumentsOf(rkeConfig);
  const ours = `${argument}=${pathOf(object)}`;
  const args = given.filter((each) => each !== ours);
  if (content !== undefined) args.unshift(ours);
  const { machineSelectorFiles: before, ...rest } = rkeConfig;
  const same = content === undefined && files.length === (before ?? []).length;
  const listed = files.length > 0 ? { machineSelectorFiles: files } : {};
  return {
    ...object,
    spec: {
      ...object.spec,
      rkeConfig: { ...(same ? rkeConfig : { ...rest, ...listed }), ...withArguments(rkeConfig, args) },
    },
  };
}

/** The Secret with the file, or its end. */
export async function podSecuritySecret({
  operation,
  object,
  lookup,
  subresource,
}: Context): Promise<Alongside[]> {
  if (subresource === "status") return [];
  const { name, namespace = "" } = object.metadata;
  const metadata = { name: secretNameOf(object), namespace };
  const secret = { apiVersion: "v1", kind: "Secret", metadata };
  if (operation !== "DELETE" && !(isConfigured(object) && canRead(object))) return [];
  const content = operation === "DELETE" ? undefined : await configurationOf(object, lookup);
  if (content === undefined) {
    const current = await lookup("secrets", namespace, metadata.name);
    return current === undefined ? [] : [{ action: "delete", type: "secrets", object: secret }];
  }
  const current: Secret | undefined = await lookup("secrets", namespace, metadata.name);
  const wanted: Secret = {
    ...(current ?? {
      ...secret,
      metadata: {
        ...metadata,
        labels: { "resources.cattle.io/backup": "true" },
        annotations: { "rke.cattle.io/object-authorized-for-clusters": name },
      },
    }),
    data: { [fileKey]: btoa(String.fromCharCode(...new TextEncoder().encode(content))) },
  };
  return [{ action: "apply", type: "secrets", object: wanted }];
}

/** What of the template cannot be. */
export async function podSecurityErrors({ object, lookup }: Context): Promise<FieldError[]> {
  if (!isConfigured(object)) return [];
  const { kubernetesVersion } = object.spec ?? {};
  if (kubernetesVersionOf(kubernetesVersion) === undefined)
    return [
      invalid("spec.kubernetesVersion", kubernetesVersion ?? "", "must be a version such as v1.34.1+rke2r1"),
    ];
  const template = templateNameOf(object);
  const field = "spec.defaultPodSecurityAdmissionConfigurationTemplateName";
  const errors: FieldError[] = [];
  if (template !== "") {
    if (!canRead(object)) errors.push(invalid(field, template, "needs Kubernetes 1.23 or newer"));
    if ((await lookup(templates, "", template)) === undefined)
      errors.push(invalid(field, template, "there is no such template"));
  }
  const given = object.spec?.rkeConfig?.machineGlobalConfig?.[argumentList];
  if (given !== undefined && !isTexts(given))
    errors.push(
      invalid(`spec.rkeConfig.machineGlobalConfig.${argumentList}`, null, "must be a list of strings"),
    );
  return errors;
}

/**
 * The admission configuration as a file. JSON is YAML: a writer of YAML would be larger than all of this, and the file is
 * read by a parser of YAML that does not mind.
 */
async function configurationOf(
  object: ProvisioningCluster,
  lookup: Context["lookup"],
): Promise<string | undefined> {
  const name = templateNameOf(object);
  const template: Template | undefined = name === "" ? undefined : await lookup(templates, "", name);
  if (template === undefined) return undefined;
  const { minor } = kubernetesVersionOf(object.spec?.kubernetesVersion) ?? { minor: 0 };
  const configuration = {
    apiVersion: `pod-security.admission.config.k8s.io/${minor >= 25 ? "v1" : "v1beta1"}`,
    kind: "PodSecurityConfiguration",
    ...template.configuration,
  };
  const file = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AdmissionConfiguration",
    plugins: [{ name: "PodSecurity", path: "", configuration }],
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function pathOf({ spec }: ProvisioningCluster): string {
  const version = spec?.kubernetesVersion ?? "";
  const runtime = version.includes("k3s") ? "k3s" : version.includes("rke2") ? "rke2" : "";
  return `/etc/rancher/${runtime}/config/rancher-psact.yaml`;
}

async function fileOf(object: ProvisioningCluster, content: string): Promise<SelectorFile> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content)));
  const items = [{ key: fileKey, path: pathOf(object), hash: btoa(String.fromCharCode(...hash)) }];
  return {
    machineLabelSelector: { matchLabels: { "rke.cattle.io/control-plane-role": "true" } },
    fileSources: [{ secret: { name: secretNameOf(object), items } }],
  };
}

/** Whatever its hash, and whichever runtime it was for. */
function isOurs({ fileSources }: SelectorFile, object: ProvisioningCluster): boolean {
  const sources = fileSources ?? [];
  return sources.length === 1 && sources[0]?.secret?.name === secretNameOf(object);
}

function argumentsOf({ machineGlobalConfig }: RkeConfig): string[] {
  const given: unknown = machineGlobalConfig?.[argumentList];
  return isTexts(given) ? [...given] : [];
}

function withArguments({ machineGlobalConfig }: RkeConfig, args: readonly string[]): Partial<RkeConfig> {
  const given: unknown = machineGlobalConfig?.[argumentList];
  // What is no list is an error of `podSecurityErrors`, not ours to drop.
  if (given !== undefined && !isTexts(given)) return {};
  if (args.length > 0) return { machineGlobalConfig: { ...machineGlobalConfig, [argumentList]: args } };
  if (given === undefined) return {};
  const { [argumentList]: _, ...rest } = machineGlobalConfig ?? {};
  return { machineGlobalConfig: rest };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
