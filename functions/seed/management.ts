/** Objects of management and catalog that clients of the ecosystem expect of every installation (controllers.md 1.4). */
import { clusterRepos } from "../../schema/resources/catalog.cattle.io/cluster-repos.ts";
import type { ClusterRepo } from "../../schema/resources/catalog.cattle.io/cluster-repos.ts";
import { authConfigs } from "../../schema/resources/management.cattle.io/auth-configs.ts";
import type { AuthConfig } from "../../schema/resources/management.cattle.io/auth-configs.ts";
import { podSecurityTemplates } from "../../schema/resources/management.cattle.io/pod-security-templates.ts";
import type { PodSecurityTemplate } from "../../schema/resources/management.cattle.io/pod-security-templates.ts";
import { proxyEndpoints } from "../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import type { ProxyEndpoint } from "../../schema/resources/management.cattle.io/proxy-endpoints.ts";
import { isStoreError } from "../../schema/store/errors.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { ensure } from "./ensure.ts";
import type { SettingName } from "../settings/catalogue.ts";

const apiVersion = "management.cattle.io/v3";

/** Name of a provider, the type of its configuration, and whether it can log out everywhere. */
const providers: readonly (readonly [name: string, type: string, logoutAll: boolean])[] = [
  ["activedirectory", "activeDirectoryConfig", false],
  ["adfs", "adfsConfig", true],
  ["azuread", "azureADConfig", true],
  ["cognito", "cognitoConfig", true],
  ["freeipa", "freeIpaConfig", false],
  ["genericoidc", "genericOIDCConfig", true],
  ["github", "githubConfig", false],
  ["githubapp", "githubAppConfig", false],
  ["googleoauth", "googleOauthConfig", false],
  ["keycloak", "keyCloakConfig", true],
  ["keycloakoidc", "keyCloakOIDCConfig", true],
  ["local", "localConfig", false],
  ["oidc", "oidcConfig", true],
  ["okta", "oktaConfig", true],
  ["openldap", "openLdapConfig", false],
  ["ping", "pingConfig", true],
  ["shibboleth", "shibbolethConfig", true],
];

/** All but the local one are off until somebody configures them; what he says stays. */
export function seedAuthConfigs(store: BoundStore): Promise<void> {
  return ensure<AuthConfig>(
    store,
    authConfigs,
    providers.map(([name, type, logoutAllSupported]) => ({
      apiVersion,
      kind: "AuthConfig",
      metadata: {
        name,
        annotations: {
          "management.cattle.io/auth-provider-cleanup": "rancher-locked",
          ...(name === "azuread" ? { "auth.cattle.io/azuread-endpoint-migrated": "true" } : {}),
        },
      },
      type,
      enabled: name === "local",
      logoutAllSupported,
    })),
    (current, { logoutAllSupported = false }) =>
      current.logoutAllSupported === logoutAllSupported ? undefined : { ...current, logoutAllSupported },
  );
}

/** Namespaces of Rancher's and its charts' own components, whose pods need more than `restricted` allows. */
const exemptNamespaces = [
  "cattle-csp-adapter-system",
  "cattle-epinio-system",
  "cattle-externalip-system",
  "cattle-fleet-local-system",
  "cattle-fleet-system",
  "cattle-gatekeeper-system",
  "cattle-istio-system",
  "cattle-logging-system",
  "cattle-monitoring-system",
  "cattle-neuvector-system",
  "cattle-sriov-system",
  "cattle-system",
  "cattle-turtles-system",
  "cattle-ui-plugin-system",
  "cattle-windows-gmsa-system",
  "cis-operator-system",
  "compliance-operator-system",
  "ingress-nginx",
  "istio-system",
  "kube-system",
  "longhorn-system",
  "rancher-alerting-drivers",
  "tigera-operator",
];

/** Exemptions that somebody added stay; ours come back. */
export function seedPodSecurityTemplates(store: BoundStore): Promise<void> {
  const template = (level: string, description: string, namespaces: string[]): PodSecurityTemplate => ({
    apiVersion,
    kind: "PodSecurityAdmissionConfigurationTemplate",
    metadata: { name: `rancher-${level}` },
    description,
    configuration: {
      defaults: {
        enforce: level,
        "enforce-version": "latest",
        audit: level,
        "audit-version": "latest",
        warn: level,
        "warn-version": "latest",
      },
      exemptions: { usernames: [], runtimeClasses: [], namespaces },
    },
  });
  return ensure<PodSecurityTemplate>(
    store,
    podSecurityTemplates,
    [
      template("privileged", "Built in: pods may do anything. No exemptions.", []),
      template(
        "restricted",
        "Built in: pods are hardened as is best practice today, but for those of Rancher's components.",
        exemptNamespaces,
      ),
    ],
    (current, wanted) => {
      const { configuration = {} } = current;
      const { exemptions = {} } = configuration;
      const held = exemptions.namespaces ?? [];
      const missing = (wanted.configuration?.exemptions?.namespaces ?? []).filter(
        (name) => !held.includes(name),
      );
      if (missing.length === 0) return undefined;
      const namespaces = [...held, ...missing].toSorted();
      return { ...current, configuration: { ...configuration, exemptions: { ...exemptions, namespaces } } };
    },
  );
}

const aws = ["amazonaws.com", "amazonaws.com.cn", "api.aws"];
const endpoints: Readonly<Record<string, readonly string[]>> = {
  "rancher-aws-endpoints": [
    "iam.amazonaws.com",
    "iam.us-gov.amazonaws.com",
    "iam.%.amazonaws.com.cn",
    "iam.global.api.aws",
    ...["ec2", "eks", "kms"].flatMap((service) => aws.map((domain) => `${service}.%.${domain}`)),
  ],
  "rancher-digitalocean-endpoints": ["api.digitalocean.com"],
  "rancher-linode-endpoints": ["api.linode.com"],
};

/** `disabled`: the setting `disable-default-proxy-endpoints`, names or `all`. */
export async function seedProxyEndpoints(store: BoundStore, disabled: string): Promise<void> {
  const off = disabled.split(",").map((name) => name.trim());
  const isOff = (name: string): boolean => off.includes("all") || off.includes(name);
  const names = Object.keys(endpoints);
  await ensure<ProxyEndpoint>(
    store,
    proxyEndpoints,
    names
      .filter((name) => !isOff(name))
      .map((name) => ({
        apiVersion,
        kind: "ProxyEndpoint",
        metadata: { name },
        spec: { routes: (endpoints[name] ?? []).map((domain) => ({ domain })) },
      })),
    (current, wanted) =>
      JSON.stringify(current.spec) === JSON.stringify(wanted.spec)
        ? undefined
        : { ...current, ...(wanted.spec === undefined ? {} : { spec: wanted.spec }) },
  );
  for (const name of names.filter(isOff)) {
    try {
      await store.delete(proxyEndpoints, "", name);
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
    }
  }
}

const repositories: readonly (readonly [name: string, url: SettingName, branch: SettingName])[] = [
  ["rancher-charts", "chart-default-url", "chart-default-branch"],
  ["rancher-partner-charts", "partner-chart-default-url", "partner-chart-default-branch"],
  ["rancher-rke2-charts", "rke2-chart-default-url", "rke2-chart-default-branch"],
];
const repositoryHost = "https://git.rancher.io/";

/** `setting`: the value in force. Where the charts are is what the settings say, whatever somebody wrote since. */
export async function seedClusterRepos(
  store: BoundStore,
  setting: (name: SettingName) => Promise<string>,
): Promise<void> {
  const wanted = repositories.map(async ([name, url, branch]): Promise<ClusterRepo> => {
    const given = await setting(url);
    // The host alone means the repository's own name there.
    const gitRepo = given === "" || given === repositoryHost ? `${repositoryHost}${name.slice(8)}` : given;
    return {
      apiVersion: "catalog.cattle.io/v1",
      kind: "ClusterRepo",
      metadata: { name },
      spec: { gitRepo, gitBranch: await setting(branch) },
    };
  });
  await ensure<ClusterRepo>(
    store,
    clusterRepos,
    await Promise.all(wanted),
    (current, { spec: { gitRepo, gitBranch } }) =>
      current.spec.gitRepo === gitRepo && current.spec.gitBranch === gitBranch
        ? undefined
        : {
            ...current,
            spec: {
              ...current.spec,
              ...(gitRepo === undefined ? {} : { gitRepo }),
              ...(gitBranch === undefined ? {} : { gitBranch }),
            },
          },
  );
}
