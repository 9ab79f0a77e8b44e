/** Tokens: everyone has his own and nobody sees another's (norman-v3.md 5.4). The secret is shown once. */
import { tokens } from "../../../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../../../schema/resources/management.cattle.io/tokens.ts";
import { tokenExpiry, tokenKind } from "../../../identity/token-validity.ts";
import { deriveToken } from "../../auth/tokens.ts";
import { systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { TypeRules } from "./rules.ts";

export const tokenRules: TypeRules = {
  async find({ c, identity }, names) {
    const { items } = await systemStore(c, "own-tokens").list<Token>(tokens, {
      index: { field: "userId", value: identity.userId },
    });
    return names === undefined ? items : items.filter(({ metadata }) => names.includes(metadata.name));
  },
  async create({ c, identity }, _object, input) {
    const [ttl, description, clusterName] = [
      input.get("ttl"),
      input.get("description"),
      input.get("clusterId"),
    ];
    const minted = await deriveToken(c, identity, {
      kind: "api",
      ...(typeof ttl === "number" ? { ttlMs: ttl } : {}),
      ...(typeof description === "string" ? { description } : {}),
      ...(typeof clusterName === "string" && clusterName !== "" ? { clusterName } : {}),
    });
    return { object: minted.object, shown: { token: minted.bearer } };
  },
  compute: async ({ identity }, objects) =>
    objects.map((object) => {
      const expiry = tokenExpiry(object as Token);
      return {
        // The stored member is a hash, and nobody's business.
        token: undefined,
        current: object.metadata.name === identity.token.name && identity.token.kind === "session",
        expired: expiry !== undefined && expiry <= Date.now(),
        expiresAt: expiry === undefined ? "" : new Date(expiry).toISOString().replace(/\.\d+Z$/, "Z"),
      };
    }),
  async remove({ c, identity }, object) {
    const { name } = object.metadata;
    if (name === identity.token.name && tokenKind(object as Token) === "session")
      throw new ApiError("BadRequest", "Cannot delete token for current session. Use logout instead");
    return systemStore(c, "own-tokens").delete(tokens, "", name);
  },
  /** Declared, and without effect upstream too (norman-v3.md 3.1). */
  beforeChange(_context, _object, input) {
    if (input !== undefined) throw new ApiError("NotFound", "no store found");
  },
};
