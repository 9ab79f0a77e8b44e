import { describe, expect, it } from "vitest";
import { downstreamIdentity } from "./downstream.ts";
import type { Identity } from "./identity.ts";

const base: Identity = {
  userId: "user-abcde",
  username: "jane",
  groups: ["system:authenticated", "system:cattle:authenticated", "github_org://7"],
  roles: ["user"],
  rules: [],
  extra: { principalid: ["local://user-abcde"], username: ["jane"], requesttokenid: ["token-x"] },
  mustChangePassword: false,
  token: { name: "token-x", kind: "session", authProvider: "local" },
};

describe("the identity in the target cluster", () => {
  it("is the user's with his groups and the four extras", () => {
    expect(downstreamIdentity(base, "c-a", "drover.example")).toEqual({
      user: "user-abcde",
      groups: ["github_org://7", "system:authenticated", "system:cattle:authenticated"],
      extra: {
        principalid: ["local://user-abcde"],
        username: ["jane"],
        requesttokenid: ["token-x"],
        requesthost: ["drover.example"],
      },
    });
  });

  it("has the owners' group for GlobalRole admin and for nobody else", () => {
    const admin = downstreamIdentity({ ...base, roles: ["admin"] }, "c-a", "h");
    expect(admin.groups).toContain("drover:cluster-owner");
    for (const role of ["user", "Admin", "admin2", ""])
      expect(downstreamIdentity({ ...base, roles: [role] }, "c-a", "h").groups).not.toContain(
        "drover:cluster-owner",
      );
  });

  it.each(["system:masters", "system:nodes", "drover:cluster-owner", "drover:x"])(
    "drops the group %s that a provider claims",
    (group) => {
      expect(
        downstreamIdentity({ ...base, groups: [...base.groups, group] }, "c-a", "h").groups,
      ).not.toContain(group);
    },
  );

  it("auth 17: exists only in the cluster that a token is bound to", () => {
    const scoped: Identity = { ...base, token: { ...base.token, clusterName: "c-a" } };
    expect(downstreamIdentity(scoped, "c-a", "h").user).toBe("user-abcde");
    expect(() => downstreamIdentity(scoped, "c-b", "h")).toThrow("must authenticate");
  });
});
