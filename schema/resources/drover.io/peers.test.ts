import { describe, expect, it } from "vitest";
import { admit } from "../admit.ts";
import { peers } from "./peers.ts";

const caCert = "-----BEGIN CERTIFICATE-----\nQUFB\n-----END CERTIFICATE-----\n";
const dialled = { url: "wss://eu.example.com/v3/connect", caCert, localId: "us" };
const admin = { name: "user-admin", rules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] };

describe("a Peer", () => {
  const problems = async (spec: object, actor: object = admin): Promise<readonly string[]> =>
    (await admit(peers, { spec }, { actor } as never)).problems;

  it("needs nothing to come here, and a CA and an id to be dialled", async () => {
    expect(await problems({})).toEqual([]);
    expect(await problems({ usedClusters: ["*"] })).toEqual([]);
    expect(await problems({ ...dialled, offeredClusters: ["c-abcde", "c-m-abcdefgh"] })).toEqual([]);
    expect(await problems({ url: dialled.url })).toEqual([
      "FieldValueRequired spec.caCert",
      "FieldValueRequired spec.localId",
    ]);
    expect(await problems({ offeredClusters: ["*"] })).toEqual(["FieldValueRequired spec.url"]);
  });

  it.each([
    "https://eu.example.com",
    "ws://eu.example.com",
    "wss://user:word@eu.example.com",
    "eu.example.com",
    "",
  ])("is not dialled at %j", async (url) => {
    expect(await problems({ ...dialled, url })).toEqual(["FieldValueInvalid spec.url"]);
  });

  it("is offered clusters by their ids, and never this Drover itself", async () => {
    expect(await problems({ ...dialled, offeredClusters: ["local", "c_a", "c-a"] })).toEqual([
      "FieldValueInvalid spec.offeredClusters[0]",
      "FieldValueInvalid spec.offeredClusters[1]",
    ]);
  });

  it("is written by nobody but who may do everything: it is given all rights in what it is offered", async () => {
    const some = {
      name: "user-some",
      rules: [{ verbs: ["*"], apiGroups: ["drover.io", "management.cattle.io"], resources: ["*"] }],
    };
    expect(await problems({}, some)).toEqual(["FieldValueForbidden spec"]);
  });
});
