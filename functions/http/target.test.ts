import { describe, expect, it } from "vitest";
import { splitUrl, targetProblem } from "./target.ts";

const at = (target: string): string | undefined =>
  targetProblem(splitUrl(`http://drover.example:8443${target}`), null);

describe("the raw request target", () => {
  it("splits a URL string without normalising anything", () => {
    expect(splitUrl("https://h:1/a/%2e%2e/b?x=/../y")).toEqual({
      origin: "https://h:1",
      target: "/a/%2e%2e/b?x=/../y",
      path: "/a/%2e%2e/b",
    });
  });

  it.each([
    "/a/../b",
    "/a/./b",
    "/..",
    "/.",
    "/a/..",
    "/a/.",
    "/../",
    "//../b",
    "/a/%2e%2e/b",
    "/a/%2E%2E/b",
    "/a/.%2e/b",
    "/a/%2e./b",
    "/a/%2e/b",
    "/a/%2e",
    "/a/%2f../b",
    "/a/..%2fb",
    "/a/..%2Fb",
    "/a/%2F%2e%2E%2fb",
    "/a\\..\\b",
    "/a/%5c../b",
    "/a/..%5Cb",
    "/a/..;x/b",
    "/a/.;/b",
    "/a/..%3bx/b",
    "/k8s/clusters/c-abcde/../local/api",
    "/v3/settings/%2e%2e/users",
  ])("refuses the dot segment in %s", (target) => {
    expect(at(target)).toBe("the path holds a dot segment");
  });

  it.each([
    "/",
    "/a//b",
    "/apis/apps.x/v1",
    "/a/...",
    "/a/..b",
    "/a/b..",
    "/a/.well-known/x",
    "/a/b.",
    "/%252e%252e/b",
    "/a/%2e%2ehidden",
    "/v3/principals/local:%2F%2Fu-abc",
    "/a?x=/../y",
    "/a?x=%2e%2e",
    "/v3/clusters/c-x;y",
  ])("accepts %s", (target) => {
    expect(at(target)).toBeUndefined();
  });

  it.each(["", "/a b", "/a\u00e9", "/a\u0000"])("refuses the unprintable target %j", (target) => {
    expect(at(target)).toBe("the request target must be a path of printable ASCII characters");
  });

  it.each([
    "h/../x",
    "a?b",
    "a#b",
    "u@h",
    "a b",
    "",
    "h:99999999",
    "h:65536",
    "1.2.3.256",
    "[:::]",
    "[::1",
    "a%2fb",
  ])("refuses the host %j", (host) => {
    expect(targetProblem(splitUrl(`http://${host}/a`), host)).toBe("the Host header is not a host name");
  });

  it.each(["h", "h.example:1", "[::1]:8443", "127.0.0.1"])("accepts the host %s", (host) => {
    expect(targetProblem(splitUrl(`http://${host}/a`), host)).toBeUndefined();
    expect(targetProblem(splitUrl(`http://${host}/a`), null)).toBeUndefined();
  });
});
