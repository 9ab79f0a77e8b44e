import { describe, expect, it } from "vitest";
import { parseKubeconfigCluster } from "./kubeconfig-cluster.ts";

const caData = "Y2E=";
const view = (cluster: object): string =>
  JSON.stringify({ kind: "Config", clusters: [{ name: "a", cluster }] });
const good = { server: "https://10.0.0.1:6443", "certificate-authority-data": caData };

describe("a kubeconfig's cluster", () => {
  it.each([
    ["https://10.0.0.1:6443", "https://10.0.0.1:6443"],
    ["https://api.example.com/", "https://api.example.com"],
    ["https://[2001:db8::1]:6443", "https://[2001:db8::1]:6443"],
  ])("at %s is reached there", (server, endpoint) => {
    expect(parseKubeconfigCluster(view({ ...good, server }))).toEqual({ endpoint, caCert: caData });
  });

  it("may name its server as that is called", () => {
    expect(parseKubeconfigCluster(view({ ...good, "tls-server-name": "10.0.0.1" })).caCert).toBe(caData);
  });

  it.each([
    ["no cluster", JSON.stringify({ clusters: null }), "names no cluster"],
    ["plain http", view({ ...good, server: "http://10.0.0.1" }), "no https URL"],
    ["no server", view({ ...good, server: "" }), "no https URL: none"],
    ["another server's path", view({ ...good, server: "https://r.example/k8s/clusters/c-1" }), "path"],
    ["a proxy", view({ ...good, "proxy-url": "http://p:3128" }), "through a proxy"],
    ["another name", view({ ...good, "tls-server-name": "kubernetes" }), "the name kubernetes"],
    ["no authority", view({ server: good.server }), "no certificate authority"],
    ["no verification", view({ ...good, "insecure-skip-tls-verify": true }), "no certificate authority"],
  ])("of %s is refused with the reason", (_what, text, reason) => {
    expect(() => parseKubeconfigCluster(text)).toThrow(reason);
  });
});
