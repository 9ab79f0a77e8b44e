import { describe, expect, it } from "vitest";
import { parseParams } from "./params.ts";

const encode = (value: unknown): string => btoa(JSON.stringify(value));
const cluster = { address: "10.43.0.1:443", caCert: "Q0E=", token: "tok" };

describe("X-API-Tunnel-Params", () => {
  it("tunnel 30: reads the example of tunnel.md 2.3", () => {
    const header =
      "eyJjbHVzdGVyIjp7ImFkZHJlc3MiOiIxMC40My4wLjE6NDQzIiwiY2FDZXJ0IjoiUTBFPSIsInRva2VuIjoidG9rIn19";
    expect(parseParams(header)).toEqual({
      apiEndpoint: "https://10.43.0.1:443",
      caCert: "Q0E=",
      token: "tok",
    });
  });

  it("tunnel 33: brackets bare IPv6 addresses only", () => {
    const endpoint = (address: string): string =>
      parseParams(encode({ cluster: { ...cluster, address } })).apiEndpoint;
    expect(endpoint("fd00::1:443")).toBe("https://[fd00::1]:443");
    expect(endpoint("[fd00::1]:443")).toBe("https://[fd00::1]:443");
    expect(endpoint("kubernetes.example:6443")).toBe("https://kubernetes.example:6443");
  });

  it.each([
    ["!!!", "X-API-Tunnel-Params is not base64 of JSON"],
    [encode([]), "X-API-Tunnel-Params is not base64 of a JSON object"],
    [encode({}), "missing node or cluster registration info"],
    [encode({ node: {} }), "invalid input, hostname empty"],
    [encode({ node: { requestedHostname: "n" } }), "node agents are not supported"],
    [encode({ cluster: { ...cluster, address: "" } }), "invalid input, address empty"],
    [encode({ cluster: { ...cluster, caCert: 3 } }), "invalid input, caCert empty"],
    [encode({ cluster: { ...cluster, token: "" } }), "invalid input, token empty"],
    [
      encode({ cluster: { ...cluster, address: "evil/path:443" } }),
      "invalid input, address is not host:port",
    ],
  ])("tunnel 31: refuses %s", (header, message) => {
    expect(() => parseParams(header)).toThrowError(
      expect.objectContaining({ code: "BadRequest", message }) as Error,
    );
  });
});
