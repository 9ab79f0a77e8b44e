import { describe, expect, it } from "vitest";
import { clientHeaders, upstreamHeaders } from "./headers.ts";

const identity = {
  user: "u-abcde",
  groups: ["system:authenticated", "cn=a, b,dc=example"],
  extra: { "example.com/Ä key": ["one", "two"], username: ["admin"] },
};
const context = {
  identity,
  origin: "user",
  prefix: "/k8s/clusters/c-abcde",
  requestId: "r1",
  target: "/api/v1/pods",
} as const;

describe("headers to the cluster", () => {
  it("tunnel 44: come from an allow list: no credential, cookie or smuggled identity passes", () => {
    const pairs = upstreamHeaders(
      new Headers({
        host: "drover.example",
        accept: "application/json",
        authorization: "Bearer token-x:y",
        cookie: "R_SESS=x",
        "impersonate-user": "admin",
        "impersonate-group": "system:masters",
        "x-drover-context": "{}",
        "x-remote-user": "root",
        "x-unknown": "y",
      }),
      context,
    );
    expect(pairs).toEqual([
      ["Host", "drover.example"],
      ["accept", "application/json"],
      ["X-Forwarded-Proto", "https"],
      ["X-Request-Id", "r1"],
      ["Impersonate-User", "u-abcde"],
      ["Impersonate-Group", "system:authenticated"],
      ["Impersonate-Group", "cn=a, b,dc=example"],
      ["Impersonate-Extra-example.com%2F%C3%84%20key", "one"],
      ["Impersonate-Extra-example.com%2F%C3%84%20key", "two"],
      ["Impersonate-Extra-username", "admin"],
    ]);
  });
});

describe("headers to Steve", () => {
  it("tunnel 48: say under which prefix its links belong; Kubernetes' API has none, which Steve could not flush with", () => {
    const prefixed = (target: string): boolean =>
      upstreamHeaders(new Headers(), { ...context, target }).some(([name]) => name === "X-API-URL-Prefix");
    expect(["/v1", "/v1/pods", "/v1?x", "/api/v1/pods", "/apis", "/v1beta"].map(prefixed)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("headers to a kube-apiserver of which Drover has an account", () => {
  it("tunnel 44: carry that account, and the user's identity; a reconciler is the account itself", () => {
    const headers = new Headers({ authorization: "Bearer token-x:y" });
    const names = (origin: "user" | "controller"): string[] =>
      upstreamHeaders(headers, { ...context, origin }, "Bearer account")
        .filter(([name]) => /^(?:authorization|impersonate-.*)$/i.test(name))
        .map(([name, value]) => `${name}: ${value}`);
    expect(names("user").slice(0, 2)).toEqual(["Authorization: Bearer account", "Impersonate-User: u-abcde"]);
    expect(names("user")).toHaveLength(7);
    expect(names("controller")).toEqual(["Authorization: Bearer account"]);
  });
});

describe("headers to the client", () => {
  const location = (value: string): string | null =>
    clientHeaders([["Location", value]], context.prefix, "drover.example").get("location");

  it("tunnel 50: keep Location under the prefix, and leave other hosts alone", () => {
    expect(location("/api/v1")).toBe("/k8s/clusters/c-abcde/api/v1");
    expect(location("/k8s/clusters/c-abcde/api")).toBe("/k8s/clusters/c-abcde/api");
    expect(location("/k8s/clusters/c-abcdefg/api")).toBe("/k8s/clusters/c-abcde/k8s/clusters/c-abcdefg/api");
    expect(location("https://drover.example/api?x=1")).toBe("/k8s/clusters/c-abcde/api?x=1");
    expect(location("https://drover.example")).toBe("/k8s/clusters/c-abcde/");
    expect(location("HTTP://Drover.Example?x=1")).toBe("/k8s/clusters/c-abcde/?x=1");
    expect(location("//drover.example/api#here")).toBe("/k8s/clusters/c-abcde/api#here");
    expect(location("/../../../v3/users?a=/../b")).toBe("/k8s/clusters/c-abcde/v3/users?a=/../b");
    expect(location("/a/%2e%2e/b")).toBe("/k8s/clusters/c-abcde/b");
    expect(location("/\\evil.example")).toBe("/k8s/clusters/c-abcde/\\evil.example");
    expect(location("https://other.example/api")).toBe("https://other.example/api");
    expect(location("https://drover.example@other.example/")).toBe("https://drover.example@other.example/");
    expect(location("//other.example/api")).toBe("//other.example/api");
    expect(location("relative")).toBe("relative");
  });

  it("withhold what a cluster could turn against this origin, and hop-by-hop headers", () => {
    const headers = clientHeaders(
      [
        ["Set-Cookie", "R_SESS=stolen"],
        ["Access-Control-Allow-Origin", "*"],
        ["Clear-Site-Data", '"*"'],
        ["Connection", "keep-alive"],
        ["Transfer-Encoding", "chunked"],
        ["Warning", "299 - one"],
        ["Warning", "299 - two"],
      ],
      context.prefix,
      null,
    );
    expect([...headers]).toEqual([
      ["content-security-policy", expect.stringMatching(/^sandbox (?!.*allow-same-origin)/)],
      ["warning", "299 - one, 299 - two"],
    ]);
  });
});
