/** Tokens of ext.cattle.io as own-store.ts serves them (auth.md 3.7). */
import { extensionTokenKind } from "../../../schema/resources/core/extension-tokens.ts";
import { secrets } from "../../../schema/resources/core/secrets.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import {
  appliedSecret,
  changedSecret,
  tokenOfSecret,
} from "../../../schema/resources/ext.cattle.io/token-rows.ts";
import { tokens } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import type { ExtensionToken } from "../../../schema/resources/ext.cattle.io/tokens.ts";
import { fullName } from "../../identity/token-records.ts";
import { ttlPolicy } from "../auth/tokens.ts";
import { createToken } from "./new-token.ts";
import type { OwnType } from "./own-type.ts";
import { judgeToken } from "./token-rules.ts";

export const tokenType: OwnType<ExtensionToken, Secret> = {
  definition: tokens,
  of: secrets,
  kind: extensionTokenKind,
  shown(row, { token }) {
    const shown = tokenOfSecret(row);
    const current = fullName({ kind: "ext", name: shown.metadata.name }) === token.name;
    return { ...shown, status: { ...shown.status, current } };
  },
  create: async (deps, token, dryRun) => createToken(deps, judgeToken(token), dryRun),
  async judge(settings) {
    const policy = await ttlPolicy(settings);
    return (wanted, old) => judgeToken(wanted, old, policy);
  },
  changedRow: (row, wanted) => changedSecret(row, wanted, new Date()),
  appliedRow: appliedSecret,
};
