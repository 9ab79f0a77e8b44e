/** Server-side apply: PATCH with a configuration (`application/apply-patch+yaml`). */
import type { KubeObject } from "../../../../schema/object.ts";
import { ApiError } from "../../errors.ts";
import { answerObject } from "./answer.ts";
import { nameOf, subresourceOf } from "./call.ts";
import type { Call } from "./call.ts";
import { readConfiguration } from "./request-body.ts";
import { requireName } from "./decode-body.ts";
import { parseWriteQuery } from "./write-options.ts";

/** 201 where the object was not there. What the type does not know is refused whatever `fieldValidation` says, as in Kubernetes. */
export async function apply(call: Call): Promise<Response> {
  const { definition, store, identity, namespace } = call;
  const { dryRun, fieldValidation, fieldManager, force } = parseWriteQuery(call.query, "PatchOptions", true);
  const name = nameOf(call);
  const { value, duplicates } = await readConfiguration(call.c.req.raw);
  if (duplicates.length > 0 && fieldValidation !== "Ignore") {
    const problem = ["error converting YAML to JSON: yaml: unmarshal errors:", ...duplicates].join("\n  ");
    if (fieldValidation === "Strict")
      throw new ApiError("BadRequest", `error strict decoding YAML: ${problem}`);
    call.warnings.push(problem.replaceAll("\n  ", " "));
  }
  const { object, created } = await store.apply(definition, namespace, name, placed(call, value, name), {
    manager: fieldManager,
    force: force === true,
    dryRun,
    ...subresourceOf(call),
    // Rancher's webhook notes the creator of its own types (auth.md 7.8).
    ...(definition.norman === undefined ? {} : { creatorId: identity.userId }),
  });
  return answerObject(call, object, created ? 201 : 200);
}

/** Throws `BadRequest` for a configuration of another object than the path names. */
function placed({ namespace }: Call, config: Record<string, unknown>, name: string): typeof config {
  const metadata = config["metadata"] ?? {};
  if (typeof metadata !== "object" || Array.isArray(metadata))
    throw new ApiError("BadRequest", "metadata must be an object");
  const given = metadata as Partial<KubeObject["metadata"]>;
  const isNamed = (given.name ?? "") !== "";
  if (isNamed) requireName(given.name, name);
  // Of a type without namespaces, kube-apiserver drops it.
  const { namespace: own = "", ...placeless } = given;
  if (own !== "" && namespace !== "" && own !== namespace)
    throw new ApiError(
      "BadRequest",
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  // Both identify the object; nobody owns them. One that is there may go unnamed.
  return {
    ...config,
    metadata: { ...placeless, ...(isNamed ? { name } : {}), ...(namespace === "" ? {} : { namespace }) },
  };
}
