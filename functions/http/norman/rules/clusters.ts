/** Clusters: everything that importing one needs is made in one commit; kubeconfigs are minted on demand. */
import { generateTokenSecret } from "../../../../schema/auth/token-secret.ts";
import type { KubeObject } from "../../../../schema/object.ts";
import { namespaces } from "../../../../schema/resources/core/namespaces.ts";
import { secrets } from "../../../../schema/resources/core/secrets.ts";
import { clusterRegistrationTokens } from "../../../../schema/resources/management.cattle.io/cluster-registration-tokens.ts";
import { clusters } from "../../../../schema/resources/management.cattle.io/clusters.ts";
import type { Cluster } from "../../../../schema/resources/management.cattle.io/clusters.ts";
import { authorize } from "../../../../schema/store/authorize.ts";
import { actorOf } from "../../../identity/identity.ts";
import { randomBytes } from "../../../identity/hasher.ts";
import { deriveToken } from "../../auth/tokens.ts";
import { kubeconfig } from "../../clusters/kubeconfig.ts";
import { baseUrl, storeOf, systemStore } from "../../context.ts";
import { failure } from "../convert.ts";
import type { Input } from "../input.ts";
import { registrationSecret } from "./cluster-registration-tokens.ts";
import type { ActionResult, RuleContext, TypeRules } from "./rules.ts";

const defaultToken = "default-token";
/** Sic (norman-v3.md 3.5). */
const nameInErrors = "Cluster name";

export const clusterRules: TypeRules = {
  async create({ c, identity }, object, input) {
    requireName(input);
    // Who may create a cluster gets its parts with it; no right on namespaces or Secrets is needed.
    authorize(actorOf(identity), { verb: "create", definition: clusters });
    const { name } = object.metadata;
    const token: KubeObject & { spec: { clusterName: string } } = {
      apiVersion: "management.cattle.io/v3",
      kind: "ClusterRegistrationToken",
      metadata: { name: defaultToken, namespace: name },
      spec: { clusterName: name },
    };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    const secret = registrationSecret(name, defaultToken, generateTokenSecret(randomBytes));
    const created = await systemStore(c, "cluster-creation").create(clusters, object, {
      creatorId: identity.userId,
      alongside: [
        { action: "create", definition: namespaces, object: namespace },
        { action: "create", definition: clusterRegistrationTokens, object: token },
        { action: "create", definition: secrets, object: secret },
      ],
    });
    return { object: created };
  },
  beforeChange(_context, _object, input) {
    if (input !== undefined) requireName(input);
  },
  fieldNames: { name: nameInErrors },
  actions: { generateKubeconfig },
};

/** Not only on POST: every PUT must name it again (norman-v3.md 3.5). */
function requireName(input: Input): void {
  if ((input.get("name") ?? "") === "") throw failure("MissingRequired", nameInErrors);
}

/** Each call mints a new token (norman-v3.md 4.2). */
async function generateKubeconfig({ c, identity }: RuleContext, id: string): Promise<ActionResult> {
  const cluster = await storeOf(c).get<Cluster>(clusters, "", id);
  const { displayName = "", localClusterAuthEndpoint } = cluster.spec ?? {};
  const settings = c.get("settings");
  const endpoint =
    localClusterAuthEndpoint?.enabled === true
      ? { fqdn: localClusterAuthEndpoint.fqdn ?? "", caCerts: localClusterAuthEndpoint.caCerts ?? "" }
      : undefined;
  const minted =
    (await settings.get("kubeconfig-generate-token")) === "true"
      ? await deriveToken(c, identity, {
          kind: "kubeconfig",
          description: "Kubeconfig token",
          ...(endpoint === undefined ? {} : { clusterName: id }),
        })
      : undefined;
  const config = kubeconfig({
    serverUrl: await baseUrl(c),
    clusterId: id,
    clusterName: displayName,
    cacerts: await settings.get("cacerts"),
    ...(minted === undefined ? {} : { bearer: minted.bearer }),
    ...(endpoint === undefined ? {} : { endpoint }),
  });
  const type = "generateKubeConfigOutput";
  return { json: { type, baseType: type, config } };
}
