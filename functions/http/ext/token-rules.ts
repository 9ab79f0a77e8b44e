/** What is asked of a Token of ext.cattle.io besides who writes it (auth.md 3.7): its shape, and what never changes. Pure. */
import { tokens } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import type { ExtensionToken } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import { forbidden, invalid } from "../../../schema/resources/names.ts";
import { same } from "../../../schema/patch/values.ts";
import { invalidObject } from "../../../schema/store/errors.ts";
import { prune, validate } from "../../../schema/structural/engine.ts";
import type { FieldError } from "../../../schema/structural/types.ts";
import { ingestTtl } from "../../identity/token-ttl.ts";
import type { TtlPolicy } from "../../identity/token-ttl.ts";

const fixed = ["userID", "userPrincipal", "kind", "clusterName"] as const;

/**
 * The token, with a time to live as it is stored: what is written is what the settings allow, and may not be longer than it
 * was. `old`: of an update. Throws `Invalid`.
 */
export function judgeToken(token: ExtensionToken, old?: ExtensionToken, policy?: TtlPolicy): ExtensionToken {
  const content = { spec: structuredClone(token.spec ?? {}) };
  const schema = tokens.schema();
  prune(schema, content);
  const errors: FieldError[] = [...validate(schema, content)];
  const { spec } = content;
  if (errors.length === 0 && old?.spec !== undefined && policy !== undefined) {
    const was = old.spec.ttl ?? 0;
    const asked = spec.ttl ?? was;
    spec.ttl = asked === was ? was : grantedTtl(asked, policy);
    if (isLonger(spec.ttl, was)) errors.push(forbidden("spec.ttl", "may only become shorter"));
    for (const member of fixed)
      if (!same(bare(old.spec[member]), bare(spec[member])))
        errors.push(invalid(`spec.${member}`, null, "field is immutable"));
    for (const member of ["description", "enabled"] as const)
      if (spec[member] === undefined) Object.assign(spec, { [member]: member === "enabled" ? true : "" });
  }
  if (errors.length > 0) throw invalidObject(tokens, token.metadata.name, errors);
  return { ...token, spec };
}

/** As it is compared: what is empty is absent. */
function bare(value: unknown): unknown {
  return value === "" ? undefined : value;
}

/** Below 0: never expires. */
function grantedTtl(asked: number, policy: TtlPolicy): number {
  const granted = ingestTtl(asked, policy);
  return granted <= 0 ? -1 : granted;
}

function isLonger(wanted: number, was: number): boolean {
  if (was < 0) return false;
  return wanted < 0 || wanted > was;
}
