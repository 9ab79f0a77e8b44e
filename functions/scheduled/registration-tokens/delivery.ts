/**
 * A rotated token reaches the agent: its Deployment gets another Secret of credentials, and Kubernetes rolls it out while
 * the old token still counts. An agent that runs outside of its cluster has to be told by hand.
 */
import { secretText, secrets, toBase64 } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { registrationSecretName } from "../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { sha256Hex } from "../../../schema/auth/token-secret.ts";
import { agentApp, agentNamespace, credentialsName } from "../../http/clusters/manifest-names.ts";
import { countingTokens } from "../../http/clusters/token-times.ts";
import { tokenKey } from "../../http/clusters/token-key.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { proceed } from "../controller.ts";
import type { DownstreamInit, ReconcileContext, Step, StepResult } from "../controller.ts";

/** Rancher's, too: by it one sees which token a pod has. */
const hashAnnotation = "io.cattle.agent.registration-token-hash";
const volumeName = "cattle-credentials";
const keyVariable = "CATTLE_CREDENTIAL_NAME";
const retryMs = 60_000;
const namespace = `/api/v1/namespaces/${agentNamespace}`;
const deploymentPath = `/apis/apps/v1/namespaces/${agentNamespace}/deployments/${agentApp}`;

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: {
        readonly volumes?: readonly {
          readonly name: string;
          readonly secret?: { readonly secretName?: string };
        }[];
        readonly containers: readonly {
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

export const delivery: Step = {
  name: "delivery",
  async run(context, key) {
    const [clusterId = "", name = ""] = key.split("/");
    const secret = await absentAsUndefined(
      context.store.get<Secret>(secrets, clusterId, registrationSecretName(name)),
    );
    if (secret === undefined) return proceed;
    const [current, previous] = [secretText(secret, "token"), secretText(secret, "previousToken")];
    const now = context.now().getTime();
    const counting = countingTokens(secret, now);
    const grace = counting.find(({ text }) => text === previous);
    if (grace === undefined || counting.every(({ text }) => text !== current)) return proceed;
    // Not beyond the grace time, when sessions of the old token end.
    const again: StepResult = {
      next: "requeue",
      afterMs: Math.min(retryMs, grace.until - now + 1),
      reason: "the agent has the old token",
    };
    const ask = asker(context, clusterId);
    let found: Answer<Deployment>;
    try {
      found = await ask<Deployment>(deploymentPath);
    } catch {
      return again;
    }
    if (found.status === 404) return proceed;
    if (found.body === undefined) return again;
    return (await deliver(ask, found.body, { current, previous })) ? proceed : again;
  },
};

/** `false`: to be tried again. */
async function deliver(
  ask: ReturnType<typeof asker>,
  deployment: Deployment,
  { current, previous }: { readonly current: string; readonly previous: string },
): Promise<boolean> {
  const old = credentialsOf(deployment);
  const { body: credentials } = await ask<Secret>(`${namespace}/secrets/${old}`);
  // Already delivered, or a token of somebody else's choice.
  if (credentials === undefined || secretText(credentials, "token") !== previous) return true;
  const key = await tokenKey(secretText(credentials, "url"), current);
  const made = await ask(`${namespace}/secrets`, {
    method: "POST",
    body: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: credentialsName(key), namespace: agentNamespace },
      type: "Opaque",
      data: { ...credentials.data, token: toBase64(current) },
    },
  });
  if (made.status !== 201 && made.status !== 409) return false;
  const body = withCredentials(deployment, credentialsName(key), (await sha256Hex(current)).slice(0, 10));
  const { status } = await ask(deploymentPath, { method: "PUT", body });
  return status === 200;
}

/** The Deployment with other credentials: the changed template is what rolls it out. Pure. */
export function withCredentials(deployment: Deployment, secretName: string, hash: string): Deployment {
  const { spec } = deployment;
  const { template } = spec;
  return {
    ...deployment,
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          annotations: { ...template.metadata?.annotations, [hashAnnotation]: hash },
        },
        spec: {
          ...template.spec,
          volumes: (template.spec.volumes ?? []).map((volume) =>
            volume.name === volumeName ? { ...volume, secret: { ...volume.secret, secretName } } : volume,
          ),
          containers: template.spec.containers.map((container) => ({
            ...container,
            env: (container.env ?? []).map((variable) =>
              variable.name === keyVariable ? { name: keyVariable, value: secretName } : variable,
            ),
          })),
        },
      },
    },
  };
}

function credentialsOf({ spec }: Deployment): string {
  const volume = spec.template.spec.volumes?.find(({ name }) => name === volumeName);
  return volume?.secret?.secretName ?? "";
}

interface Answer<T> {
  readonly status: number;
  /** Of a success. */
  readonly body: T | undefined;
}

function asker({ downstream }: ReconcileContext, clusterId: string) {
  return async <T>(path: string, init?: DownstreamInit): Promise<Answer<T>> => {
    const answer = await downstream(clusterId, path, init);
    if (answer.ok) return { status: answer.status, body: await answer.json<T>() };
    await answer.body?.cancel();
    return { status: answer.status, body: undefined };
  };
}
