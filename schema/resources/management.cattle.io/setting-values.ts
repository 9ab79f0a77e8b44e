/** What values settings take (auth.md 7.8, row Setting; types-settings-features.md 1.4). Pure. */

/** Whole minutes (or seconds), with the least value. A negative one means "never" where Rancher's rules say so. */
const leastNumber: Readonly<Record<string, number>> = {
  "auth-token-default-ttl-minutes": 0,
  "auth-token-max-ttl-minutes": 0,
  "auth-user-session-idle-ttl-minutes": 1,
  "auth-user-session-ttl-minutes": 1,
  "crt-default-grace-period-minutes": 10,
  "kubeconfig-default-token-ttl-minutes": 0,
  "kubeconfig-max-token-ttl-minutes": 0,
  "password-min-length": 2,
};

const options: Readonly<Record<string, readonly string[]>> = {
  "agent-tls-mode": ["strict", "system-store"],
  "first-login": ["true", "false"],
  "hide-local-cluster": ["true", "false"],
  "kubeconfig-generate-token": ["true", "false"],
  "no-default-admin": ["true", "false"],
};

const images: readonly string[] = ["agent-image", "auth-image", "charts-image"];

/** An image reference (OCI): `[host[:port]/]path[:tag][@digest]`. Strict, because it ends in manifests. */
export function isImageReference(text: string): boolean {
  return (
    text.length <= 255 &&
    /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/.test(
      text,
    )
  );
}

/** Why a non-empty value is refused, or `undefined`. An empty one always means "the default". */
export function valueProblem(name: string, value: string): string | undefined {
  const least = Object.hasOwn(leastNumber, name) ? leastNumber[name] : undefined;
  if (least !== undefined && !(/^\d{1,9}$/.test(value) && Number(value) >= least))
    return `must be a whole number of at least ${least}`;
  // Registration tokens: 0 and less never expire, else half an hour at least.
  if (
    name === "crt-default-ttl-minutes" &&
    !(/^-?\d{1,9}$/.test(value) && (Number(value) <= 0 || Number(value) >= 30))
  )
    return "must be a whole number of at least 30, or 0 for no expiry";
  const allowed = Object.hasOwn(options, name) ? options[name] : undefined;
  if (allowed !== undefined && !allowed.includes(value)) return `must be one of ${allowed.join(", ")}`;
  if (name === "server-url" && !isServerUrl(value))
    return "must be an https URL without path, query and credentials";
  if (images.includes(name) && !isImageReference(value)) return "must be an image reference";
  if (
    name === "system-default-registry" &&
    !/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?(?:\/[a-z0-9._-]+)*$/.test(value)
  )
    return "must be a registry host";
  return undefined;
}

/** Agents, kubeconfigs and commands are made of it: nothing but scheme, host and port. */
function isServerUrl(value: string): boolean {
  if (!/^https:\/\/[A-Za-z0-9.:[\]-]+\/?$/.test(value) || !URL.canParse(value)) return false;
  const url = new URL(value);
  return url.host !== "" && url.pathname === "/";
}

/** Rules between two settings; `effective` reads the value in force after this write. */
export async function pairProblem(
  name: string,
  effective: (name: string) => Promise<string>,
): Promise<string | undefined> {
  const session = "auth-user-session-ttl-minutes";
  const idle = "auth-user-session-idle-ttl-minutes";
  if (name !== session && name !== idle) return undefined;
  const [sessionMinutes, idleMinutes] = await Promise.all([effective(session), effective(idle)]);
  return Number(idleMinutes) > Number(sessionMinutes)
    ? `${idle} must not be greater than ${session}`
    : undefined;
}
