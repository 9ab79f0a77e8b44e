/**
 * The group `drover:cluster-owner` in the target cluster (design 6): bound once to `cluster-admin`; users get it from
 * the edge, so a grant or revocation needs no write here.
 */
import { proceed } from "../controller.ts";
import type { ReconcileContext, Step } from "../controller.ts";

export const ownerGroup = "drover:cluster-owner";
const name = "drover-cluster-owner";
const collection = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

const wanted = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name, labels: { "app.kubernetes.io/managed-by": "drover" } },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: ownerGroup }],
} as const;

interface Binding {
  roleRef?: { kind?: string; name?: string };
  subjects?: { kind?: string; name?: string }[];
}

export const ownerBinding: Step = {
  name: "owner-binding",
  async run(context, clusterId) {
    const found = await context.downstream(clusterId, `${collection}/${name}`);
    if (found.status === 200) {
      if (isWanted(await found.json<Binding>())) return proceed;
      // roleRef is immutable: somebody's other binding of this name is replaced as a whole.
      await expectStatus(context, clusterId, { method: "DELETE", path: `${collection}/${name}` }, [200, 404]);
    } else {
      await found.body?.cancel();
      if (found.status !== 404) return { next: "failed", reason: `reading ${name}: HTTP ${found.status}` };
    }
    const made = await context.downstream(clusterId, collection, { method: "POST", body: wanted });
    await made.body?.cancel();
    return made.status === 201 || made.status === 409
      ? proceed
      : { next: "failed", reason: `creating ${name}: HTTP ${made.status}` };
  },
};

function isWanted(binding: Binding): boolean {
  return (
    binding.roleRef?.kind === "ClusterRole" &&
    binding.roleRef.name === wanted.roleRef.name &&
    binding.subjects?.length === 1 &&
    binding.subjects[0]?.kind === "Group" &&
    binding.subjects[0].name === ownerGroup
  );
}

async function expectStatus(
  context: ReconcileContext,
  clusterId: string,
  request: { method: string; path: string },
  expected: readonly number[],
): Promise<void> {
  const answer = await context.downstream(clusterId, request.path, { method: request.method });
  await answer.body?.cancel();
  if (!expected.includes(answer.status)) throw new Error(`${request.method} ${name}: HTTP ${answer.status}`);
}
