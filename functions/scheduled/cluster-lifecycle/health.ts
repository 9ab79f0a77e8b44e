/** Is the kube-apiserver well? Conditions Ready, Waiting, Updated, and the version (controllers.md 4.1, steps 12-13). */
import { proceed } from "../controller.ts";
import type { ReconcileContext, Step } from "../controller.ts";
import { setConditions } from "./set-conditions.ts";

const retryMs = 15_000;

export const health: Step = {
  name: "health",
  async run(context, clusterId) {
    const problem = await readyzProblem(context, clusterId);
    if (problem !== undefined) {
      const message = `cluster health check failed: ${problem}`;
      await setConditions(context, clusterId, [{ type: "Ready", status: "False", reason: "Error", message }]);
      return { next: "requeue", afterMs: retryMs, reason: message };
    }
    const version = await readVersion(context, clusterId);
    await setConditions(
      context,
      clusterId,
      [
        { type: "Waiting", status: "True" },
        { type: "Ready", status: "True" },
        { type: "Updated", status: "True" },
      ],
      (status) =>
        version === undefined || JSON.stringify(status.version) === JSON.stringify(version)
          ? status
          : { ...status, version },
    );
    return proceed;
  },
};

/** Why the kube-apiserver is not well; `undefined` when it is. */
export async function readyzProblem(
  { downstream }: Pick<ReconcileContext, "downstream">,
  clusterId: string,
): Promise<string | undefined> {
  try {
    let answer = await downstream(clusterId, "/readyz");
    await answer.body?.cancel();
    // Rancher's agent does not pass `/readyz` on (tunnel.md 2.7).
    if (answer.status === 404) {
      answer = await downstream(clusterId, "/version");
      await answer.body?.cancel();
    }
    return answer.status === 200 ? undefined : `/readyz answered ${answer.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : "no answer";
  }
}

/** `/version` of the cluster; absent when it cannot be read: the next run has another try. */
async function readVersion(
  context: ReconcileContext,
  clusterId: string,
): Promise<Record<string, string> | undefined> {
  const answer = await context.downstream(clusterId, "/version");
  if (answer.status !== 200) {
    await answer.body?.cancel();
    return undefined;
  }
  const parsed = await answer.json<Record<string, unknown>>();
  return Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
