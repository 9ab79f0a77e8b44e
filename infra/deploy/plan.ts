/** Which steps a deployment takes, from what already exists. Pure: `main.ts` carries them out. */

export interface Existing {
  readonly durable: boolean;
  readonly api: boolean;
  readonly hyperdriveId?: string;
  /** Names of the secrets that the API Worker has. */
  readonly secrets: readonly string[];
}

export type DeployStep =
  | { readonly kind: "migrate" }
  | { readonly kind: "create-hyperdrive" }
  | { readonly kind: "deploy-durable"; readonly withApiBinding: boolean }
  | { readonly kind: "deploy-api" }
  | { readonly kind: "put-secret"; readonly name: "DROVER_KEYS" | "DROVER_BOOTSTRAP_PASSWORD" };

/**
 * Each script binds to the other, and a binding to a script that does not exist is refused: the first time, the
 * durable script goes up once without its binding to the API. The schema is migrated before any new code runs.
 * Objects are deployed only on request after that: a deploy closes their WebSockets (platform.md 3.4).
 */
export function planDeploy(existing: Existing, options: { readonly durable: boolean }): DeployStep[] {
  const steps: DeployStep[] = [{ kind: "migrate" }];
  if (existing.hyperdriveId === undefined) steps.push({ kind: "create-hyperdrive" });
  if (!existing.durable) steps.push({ kind: "deploy-durable", withApiBinding: false });
  steps.push({ kind: "deploy-api" });
  // The key material comes last: as long as it is missing, whatever broke off is done again.
  const firstTime = !existing.secrets.includes("DROVER_KEYS");
  if (firstTime || options.durable) steps.push({ kind: "deploy-durable", withApiBinding: true });
  if (firstTime) {
    steps.push(
      { kind: "put-secret", name: "DROVER_BOOTSTRAP_PASSWORD" },
      { kind: "put-secret", name: "DROVER_KEYS" },
    );
  }
  return steps;
}
