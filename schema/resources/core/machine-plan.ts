/**
 * `data.plan` of a Secret of type rke.cattle.io/machine-plan (controllers.md 5.5): what the agent of a node is to do. An
 * agent that cannot read its plan does nothing, for ever; so what it could not read is not written (auth.md 7.8).
 */
import { validate } from "../../structural/engine.ts";
import { once } from "../../structural/once.ts";
import { boolean, integer, listOf, mapOf, nullable, object, string } from "../../structural/shapes.ts";
import type { FieldError, JsonSchema } from "../../structural/types.ts";
import { invalid } from "../names.ts";

export const machinePlanType = "rke.cattle.io/machine-plan";

/** Go reads null as nothing, whatever it is read into; members that it does not know it passes over. */
const schema = once((): JsonSchema => {
  const members = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema =>
    nullable(
      object(Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, nullable(each)]))),
    );
  const texts = listOf(nullable(string));
  const instruction = {
    name: string,
    image: string,
    env: texts,
    args: texts,
    command: string,
    script: string,
  };
  const probe = {
    name: string,
    initialDelaySeconds: integer,
    timeoutSeconds: integer,
    successThreshold: integer,
    failureThreshold: integer,
    httpGet: members({
      url: string,
      insecure: boolean,
      clientCert: string,
      clientKey: string,
      caCert: string,
    }),
  };
  const file = {
    content: string,
    directory: boolean,
    uid: integer,
    gid: integer,
    path: string,
    permissions: string,
    action: string,
    dynamic: boolean,
    minor: boolean,
  };
  return members({
    files: listOf(members(file)),
    instructions: listOf(members({ ...instruction, saveOutput: boolean })),
    periodicInstructions: listOf(
      members({ ...instruction, periodSeconds: integer, saveStderrOutput: boolean }),
    ),
    probes: mapOf(members(probe)),
  });
});

/** `text`: of `data.plan`. Says where a plan is wrong, never what is in it: plans hold certificates and tokens. */
export function machinePlanErrors(text: string): FieldError[] {
  const field = "data[plan]";
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch {
    return [invalid(field, "…", "must be JSON")];
  }
  return validate(schema(), plan).map((error) =>
    invalid(field, "…", `must be a plan: ${error.field === "" ? "it" : error.field} is of another type`),
  );
}
