import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { canonical, deepFrozen } from "../../test/vectors/vectors.ts";
import type { JsonSchema } from "../structural/types.ts";
import { applyConfiguration } from "./apply.ts";
import { atomOf } from "./atoms.ts";
import { conflictCauses, conflictMessage } from "./conflict-message.ts";
import { ApplyError, ConflictError } from "./errors.ts";
import type { ManagedFieldsEntry } from "./managers.ts";
import type { ObjectType } from "./object-type.ts";
import { managersAfterUpdate } from "./update.ts";

/* What test/vectors-apply (Go) wrote. */
interface Head {
  metadata: JsonSchema;
  types: Record<string, { versions: Record<string, JsonSchema>; status: boolean }>;
}
interface Step {
  apply?: boolean;
  manager: string;
  version: string;
  force?: boolean;
  subresource?: "status";
  time: string;
  given: Record<string, unknown>;
  result?: Record<string, unknown>;
  managedFields?: (Omit<ManagedFieldsEntry, "fieldsV1"> & { fieldsV1: string })[];
  error?: string;
  causes?: string[];
}

const file = join(import.meta.dirname, "../../test/vectors-apply/histories.jsonl");
const [first = "", ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
const head = JSON.parse(first) as Head;
const group = "test.drover.io";

function typeOf(kind: string, version: string): ObjectType {
  const { versions = {}, status = false } = head.types[kind] ?? {};
  const schemas = new Map(
    Object.entries(versions).map(([name, schema]) => [
      `${group}/${name}`,
      { ...schema, properties: { ...schema.properties, metadata: head.metadata } },
    ]),
  );
  return {
    apiVersion: `${group}/${version}`,
    kind,
    statusSubresource: status,
    atomOf: (name) => {
      const schema = schemas.get(name);
      return schema && atomOf(schema);
    },
  };
}

type Json = Record<string, unknown>;

function run(type: ObjectType, stored: Json | undefined, step: Step): Json {
  const live = stored && { ...stored, apiVersion: type.apiVersion };
  const { manager, subresource, time, given } = step;
  if (step.apply === true)
    return applyConfiguration({
      type,
      live,
      config: given,
      manager,
      force: step.force === true,
      subresource,
      time,
    });
  const entries = managersAfterUpdate({ type, live, next: given, manager, subresource, time });
  const { managedFields: _, ...metadata } = given["metadata"] as Json;
  return {
    ...given,
    metadata: { ...metadata, ...(entries === undefined ? {} : { managedFields: entries }) },
  };
}

/** The object and its entries, in the shape of the vectors: fieldsV1 as text, for its order. */
function answer(object: Json): Pick<Step, "result" | "managedFields"> {
  const { managedFields = [], ...metadata } = object["metadata"] as Json;
  const entries = (managedFields as ManagedFieldsEntry[]).map(({ fieldsV1, ...entry }) => ({
    ...entry,
    fieldsV1: JSON.stringify(fieldsV1),
  }));
  return { result: { ...object, metadata }, managedFields: entries };
}

it.each(lines.map((line, index) => [index, line] as const))(
  "history %i ends as in Kubernetes",
  (_index, line) => {
    const { type: kind, steps } = JSON.parse(line) as { type: string; steps: Step[] };
    let stored: Json | undefined;
    for (const [at, step] of steps.entries()) {
      const type = typeOf(kind, step.version);
      const context = `step ${at}`;
      let object: Json;
      try {
        object = run(type, deepFrozen(stored), deepFrozen(step));
      } catch (error) {
        if (error instanceof ConflictError) {
          expect(conflictMessage(error.conflicts), context).toBe(step.error);
          const causes = conflictCauses(error.conflicts);
          expect(
            causes.map(({ reason, field, message }) => `${reason}: ${field}: ${message}`).sort(),
            context,
          ).toEqual(step.causes);
        } else if (error instanceof ApplyError)
          expect(step.error, `${context}: ${error.message}`).toBeDefined();
        else throw error;
        continue;
      }
      expect(step.error, context).toBeUndefined();
      const { result, managedFields } = answer(object);
      expect(managedFields, context).toEqual(
        (step.managedFields ?? []).map((entry) => ({ ...entry, fieldsType: "FieldsV1" })),
      );
      expect(canonical(result), context).toBe(canonical(step.result));
      const metadata = { uid: "uid-1", ...(object["metadata"] as Json) };
      stored = structuredClone({ ...object, apiVersion: `${group}/v1`, metadata });
    }
  },
);
