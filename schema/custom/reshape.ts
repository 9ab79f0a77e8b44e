/**
 * Between the version that a custom resource is stored in and the one that it is asked for in: conversion `None`, that is
 * another apiVersion and, as in Kubernetes, without what the other version's schema does not know. Defaults are those of the
 * version that is written, and then of the stored one: those of a version that is asked for alone are not filled in. A row
 * that an older schema wrote gets what the schema of its version has now. Rows that need nothing are not parsed.
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
  const written = custom.schemaOf(object.apiVersion);
  if (written !== undefined && revision <= custom.since)
    replaceMembers(object, (members) => applyDefaults(written, prune(written, members)));
  if (object.apiVersion !== apiVersion) {
    object.apiVersion = apiVersion;
    replaceMembers(object, (members) => prune(definition.schema(), members));
  }
  return object;
}

/** `object` in the version that it is stored in; itself where that is the one it was written in. */
export function inStoredVersion<T extends KubeObject>(definition: ResourceDefinition<T>, object: T): T {
  const { custom } = definition;
  if (custom === undefined || custom.storedAs === apiVersionOf(definition)) return object;
  const stored = custom.schemaOf(custom.storedAs);
  const copy = { ...structuredClone(object), apiVersion: custom.storedAs };
  return stored === undefined
    ? copy
    : replaceMembers(copy, (members) => applyDefaults(stored, prune(stored, members)));
}

/** What `inStoredVersion` made, as it is read in the version that it was written in. */
export function inAskedVersion<T extends KubeObject>(definition: ResourceDefinition<T>, stored: T): T {
  const apiVersion = apiVersionOf(definition);
  if (stored.apiVersion === apiVersion) return stored;
  const copy = { ...structuredClone(stored), apiVersion };
  return replaceMembers(copy, (members) => prune(definition.schema(), members));
}

/** All but what every object has, in place. */
function replaceMembers<T extends KubeObject>(object: T, change: (members: object) => object): T {
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object;
  const kept = change(rest);
  for (const name of Object.keys(rest))
    if (!Object.hasOwn(kept, name)) delete (object as Record<string, unknown>)[name];
  return Object.assign(object, kept);
}

/** Whether an object that changes nothing must be written all the same: that is how stored versions are migrated. */
export function isOutdated(object: object): boolean {
  return outdated.has(object);
}
