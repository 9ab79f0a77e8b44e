/**
 * The settings this server knows, with their defaults (types-settings-features.md 2). A name that is not here does not
 * exist: the seed creates each as a Setting object, so that every API face lists the same ones.
 */
export const settingDefaults = {
  // A stock image: the agent itself comes as a ConfigMap in the import manifest, so no registry of ours is needed.
  "agent-image": "node:24-slim",
  "agent-tls-mode": "strict",
  "api-ui-version": "1.1.11",
  // Empty: no kube-api-auth in the import manifest.
  "auth-image": "",
  "auth-token-default-ttl-minutes": "129600",
  "auth-token-max-ttl-minutes": "129600",
  "auth-user-session-idle-ttl-minutes": "960",
  "auth-user-session-ttl-minutes": "960",
  cacerts: "",
  // Empty: the Deployment gets no init container.
  "charts-image": "",
  "crt-default-grace-period-minutes": "180",
  "crt-default-ttl-minutes": "43200",
  "eula-agreed": "",
  "first-login": "true",
  "hide-local-cluster": "true",
  "ingress-ip-domain": "sslip.io",
  "install-uuid": "",
  "k8s-version": "",
  "kubeconfig-default-token-ttl-minutes": "43200",
  "kubeconfig-generate-token": "true",
  "kubeconfig-max-token-ttl-minutes": "129600",
  "no-default-admin": "",
  "password-min-length": "12",
  "server-url": "",
  // The level of Rancher's API that we speak; clients parse it as a semantic version ("dev" breaks Terraform).
  "server-version": "v2.15.0",
  "system-default-registry": "",
  "telemetry-opt": "",
  "ui-banners": "{}",
  "ui-brand": "",
  "ui-default-landing": "vue",
  "ui-issues": "",
  "ui-pl": "rancher",
} as const;

export type SettingName = keyof typeof settingDefaults;

export const settingNames = Object.keys(settingDefaults) as readonly SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingDefaults, name);
}

/** Readable without a token by `GET /v3/settings/<name>` (auth.md 4.1). */
export const publicSettings: readonly SettingName[] = [
  "cacerts",
  "first-login",
  "ui-banners",
  "ui-brand",
  "ui-default-landing",
  "ui-issues",
  "ui-pl",
];
