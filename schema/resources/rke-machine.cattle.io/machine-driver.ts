/**
 * The three types of a machine driver (controllers.md 5.4): `<Driver>Config` of rke-machine-config.cattle.io/v1, what a pool's
 * machines are made like; `<Driver>Machine` and `<Driver>MachineTemplate` of rke-machine.cattle.io/v1, which Cluster API
 * works with. All say the same, so a driver is one table of fields. Rancher derives such types from the flags of a driver's
 * program; the tables here are those flags of rancher-machine and of the drivers of Harvester and Linode.
 */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import { once } from "../../structural/once.ts";
import {
  boolean,
  dateTime,
  filled,
  limit,
  listOf,
  nullable,
  object,
  string,
  strings,
  texts,
} from "../../structural/shapes.ts";
import type { JsonSchema } from "../../structural/types.ts";
import { creatorErrors, noCreatorErrors, withCreator } from "../creator.ts";
import { conditions, contractLabels, machineAddresses } from "../rke.cattle.io/group.ts";

/** By its default: a text (numbers are texts too; empty: none), a flag, or a list of texts. */
export type MachineField = string | false | readonly string[];

export interface MachineDriver {
  /** As the program is called: `amazonec2`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, MachineField>>;
  /** Fields that are sealed at rest. Rancher keeps most of them in a cloud credential; nothing makes its users do so. */
  readonly secrets: readonly string[];
}

export type MachineConfig = KubeObject & Readonly<Record<string, unknown>>;

const group = { version: "v1", scope: "Namespaced", definitionLabels: contractLabels } as const;

export function machineConfigs(driver: MachineDriver): ResourceDefinition<MachineConfig> {
  return {
    ...group,
    group: "rke-machine-config.cattle.io",
    ...namesOf(driver, "Config"),
    schema: once(() => object(properties(driver, true))),
    sensitive: driver.secrets.map((name) => `/${name}`),
    mutate: withCreator,
    validate: ({ operation, object, old }) =>
      operation === "DELETE" ? [] : [...creatorErrors(old, object), ...noCreatorErrors(object)],
  };
}

export function machinesOf(driver: MachineDriver): ResourceDefinition {
  return {
    ...group,
    group: "rke-machine.cattle.io",
    ...namesOf(driver, "Machine"),
    schema: once(() => object({ spec: machineSpec(driver), status: machineStatus() })),
    statusSubresource: true,
    sensitive: ["/spec"],
    indexes: { driver: () => [driver.name] },
    references: { driver: "nodedrivers.management.cattle.io" },
  };
}

export function machineTemplatesOf(driver: MachineDriver): ResourceDefinition {
  return {
    ...group,
    group: "rke-machine.cattle.io",
    ...namesOf(driver, "MachineTemplate"),
    schema: once(() =>
      object({
        spec: object({
          clusterName: nullable(string),
          template: object({ spec: machineSpec(driver) }),
        }),
      }),
    ),
    sensitive: ["/spec"],
  };
}

function namesOf(
  { name }: MachineDriver,
  type: string,
): Pick<ResourceDefinition, "kind" | "plural" | "singular"> {
  const kind = `${name.charAt(0).toUpperCase()}${name.slice(1)}${type}`;
  return { kind, singular: kind.toLowerCase(), plural: `${kind.toLowerCase()}s` };
}

/** Defaults are filled in where a pool's owner writes; machines are made of what is there. */
function properties({ fields }: MachineDriver, withDefaults: boolean): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]): [string, JsonSchema] => {
      if (value === false) return [name, boolean];
      const schema = typeof value === "string" ? nullable(string) : nullable(texts);
      return [name, withDefaults && value.length > 0 ? { ...schema, default: value } : schema];
    }),
  );
}

function machineSpec(driver: MachineDriver): JsonSchema {
  const taint = object({ effect: string, key: string, timeAdded: dateTime, value: string }, [
    "effect",
    "key",
  ]);
  return object({
    ...properties(driver, false),
    common: object({
      cloudCredentialSecretName: nullable(limit(string, { maxLength: 317 })),
      labels: nullable(strings),
      taints: nullable(listOf(taint)),
    }),
    providerID: nullable(string),
  });
}

const machineStatus = once(() =>
  object({
    addresses: machineAddresses(),
    cloudCredentialSecretName: string,
    conditions: conditions(),
    driverHash: string,
    driverUrl: string,
    failureMessage: string,
    failureReason: string,
    initialization: filled(object({ provisioned: boolean })),
    jobName: string,
    ready: boolean,
  }),
);
