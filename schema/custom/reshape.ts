/**
 * Between the version that a custom resource is stored in and the one that it is asked for in: conversion `None`, that is
 * another apiVersion and, as in Kubernetes, what the asked version's schema does not know is dropped and its defaults are
 * filled in. So is a row that an older schema wrote. Rows that need nothing are not parsed.
 */
import type { KubeObject } from "../object.ts";
import { apiVersionOf } from "../resource.ts";
import type { ResourceDefinition } from "../resource.ts";
// Not from engine.ts: the durable Worker, which bundles this, would carry the regular expressions of validation.
import { applyDefaults } from "../structural/defaults.ts";
import { prune } from "../structural/prune.ts";

/** Objects that were read from another stored version than what is stored now: the next write rewrites them. */
const outdated = new WeakSet<object>();

/** The text of a row's object, or of a watch event's, with resourceVersion or without. */
export function reshapedText(definition: ResourceDefinition, text: string, revision: number): string {
  if (definition.custom === undefined || isCurrent(definition, text, revision)) return text;
  return JSON.stringify(reshaped(definition, JSON.parse(text) as KubeObject, revision));
}

function isCurrent(definition: ResourceDefinition, text: string, revision: number): boolean {
  const { custom } = definition;
  if (custom === undefined || revision <= custom.since) return custom === undefined;
  return text.startsWith(`{"apiVersion":${JSON.stringify(apiVersionOf(definition))},`);
}

/** `object` itself, changed in place. */
export function reshaped<T extends KubeObject>(
  definition: ResourceDefinition<T>,
  object: T,
  revision: number,
): T {
  const { custom } = definition;
  if (custom === undefined) return object;
  const apiVersion = apiVersionOf(definition);
  if (object.apiVersion !== custom.storedAs) outdated.add(object);
  if (object.apiVersion === apiVersion && revision > custom.since) return object;
  object.apiVersion = apiVersion;
  const schema = definition.schema();
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object;
  const kept = applyDefaults(schema, prune(schema, rest)) as Record<string, unknown>;
  for (const name of Object.keys(rest))
    if (!Object.hasOwn(kept, name)) delete (object as Record<string, unknown>)[name];
  return Object.assign(object, kept);
}

/** Whether an object that changes nothing must be written all the same: that is how stored versions are migrated. */
export function isOutdated(object: object): boolean {
  return outdated.has(object);
}
