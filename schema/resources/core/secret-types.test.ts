import { describe, expect, it } from "vitest";
import { secretTypeErrors } from "./secret-types.ts";

const fields = (type: string, data: Record<string, string> = {}, annotations: Record<string, string> = {}) =>
  secretTypeErrors({ type, data, metadata: { annotations } }).map(
    ({ reason, field }) => `${reason} ${field}`,
  );

// After k8s.io/kubernetes v1.36.3, ValidateSecret.
describe("what a Secret's type asks of it", () => {
  it("is nothing of types that Kubernetes does not know", () => {
    expect(fields("Opaque")).toEqual([]);
    expect(fields("helm.sh/release.v1")).toEqual([]);
  });

  it("is the account's name of a service account's token", () => {
    const type = "kubernetes.io/service-account-token";
    const missing = ["FieldValueRequired metadata.annotations[kubernetes.io/service-account.name]"];
    expect(fields(type)).toEqual(missing);
    expect(fields(type, {}, { "kubernetes.io/service-account.name": "" })).toEqual(missing);
    expect(fields(type, {}, { "kubernetes.io/service-account.name": "robot" })).toEqual([]);
  });

  it.each([
    ["kubernetes.io/dockercfg", ".dockercfg"],
    ["kubernetes.io/dockerconfigjson", ".dockerconfigjson"],
  ])("is a JSON object of %s", (type, key) => {
    expect(fields(type)).toEqual([`FieldValueRequired data[${key}]`]);
    for (const text of ["{", "[]", "1", '"a"', ""])
      expect(fields(type, { [key]: btoa(text) })).toEqual([`FieldValueInvalid data[${key}]`]);
    for (const text of ["{}", '{"auths":{}}', "null"])
      expect(fields(type, { [key]: btoa(text) })).toEqual([]);
  });

  it("is one of two members of basic-auth, though it may be empty", () => {
    const type = "kubernetes.io/basic-auth";
    expect(fields(type)).toEqual(["FieldValueRequired data[username]", "FieldValueRequired data[password]"]);
    expect(fields(type, { username: "" })).toEqual([]);
    expect(fields(type, { password: "eA==" })).toEqual([]);
  });

  it("is a key that is not empty of ssh-auth, and both members of tls", () => {
    const ssh = ["FieldValueRequired data[ssh-privatekey]"];
    expect(fields("kubernetes.io/ssh-auth")).toEqual(ssh);
    expect(fields("kubernetes.io/ssh-auth", { "ssh-privatekey": "" })).toEqual(ssh);
    expect(fields("kubernetes.io/ssh-auth", { "ssh-privatekey": "eA==" })).toEqual([]);
    expect(fields("kubernetes.io/tls", { "tls.crt": "" })).toEqual(["FieldValueRequired data[tls.key]"]);
    expect(fields("kubernetes.io/tls", { "tls.crt": "", "tls.key": "" })).toEqual([]);
  });
});
