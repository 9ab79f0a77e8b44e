/** Fields of a cloud credential that the caller may use (tunnel.md 4.8). */
import { allows } from "../../../schema/rbac/evaluate.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import { provisioningClusters } from "../../../schema/resources/provisioning.cattle.io/clusters.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { requireIdentity, systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

const credentialNamespace = "cattle-global-data";

/**
 * By name of the field: `accessKey` of `amazonec2credentialConfig-accessKey`. For who may get the Secret, or update a cluster
 * that uses it. Throws `Forbidden`, also for a credential that does not exist; `BadRequest` for an id that is none.
 */
export async function credentialFields(c: AppContext, id: string): Promise<ReadonlyMap<string, string>> {
  const [, name] = /^cattle-global-data:([a-z0-9][a-z0-9.-]*)$/.exec(id) ?? [];
  if (name === undefined) throw new ApiError("BadRequest", "credID has the form cattle-global-data:name");
  const secret = (await mayUse(c, id, name))
    ? await absentAsUndefined(systemStore(c, "meta-proxy").get<Secret>(secrets, credentialNamespace, name))
    : undefined;
  const fields = Object.entries(secret?.data ?? {}).flatMap(([key, value]): [string, string][] => {
    const [, field] = /^[^-]*Config-([^-]+)$/.exec(key) ?? [];
    return field === undefined ? [] : [[field, text(value)]];
  });
  // A Secret of another kind in that namespace is no credential.
  if (fields.length === 0) throw new ApiError("Forbidden", `you may not use the cloud credential ${id}`);
  return new Map(fields);
}

async function mayUse(c: AppContext, id: string, name: string): Promise<boolean> {
  const { rules } = requireIdentity(c);
  if (allows(rules, { verb: "get", group: "", resource: "secrets", namespace: credentialNamespace, name }))
    return true;
  const { items } = await systemStore(c, "meta-proxy").list(provisioningClusters);
  return items.some(
    ({ metadata, spec }) =>
      spec?.cloudCredentialSecretName === id &&
      allows(rules, {
        verb: "update",
        group: provisioningClusters.group,
        resource: provisioningClusters.plural,
        namespace: metadata.namespace ?? "",
        name: metadata.name,
      }),
  );
}

function text(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
