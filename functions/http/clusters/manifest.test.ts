import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { kubeconfig } from "./kubeconfig.ts";
import { registrationCommands } from "./commands.ts";
import { manifestObjects } from "./manifest.ts";
import type { ManifestInput } from "./manifest.ts";
import { caChecksum, tokenKey } from "./token-key.ts";
import { toYaml } from "./yaml.ts";

const input: ManifestInput = {
  serverUrl: "https://m.example.com",
  token: "t0ken",
  key: "7d34f185a7",
  caChecksum: "7599e4a47f7516347597e45510a6b5d0860d577200cb59bf8a0bd2940fb05293",
  strictVerify: true,
  agentImage: "node:24-slim",
  chartsImage: "",
  bundle: { text: "console.log('agent');\n", hash: "0123456789" },
  systemDefaultRegistry: "",
  serverVersion: "v0.1.0",
  installUuid: "an-uuid",
  ingressIpDomain: "sslip.io",
  agentEnv: [],
};

interface Made {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: {
    template: {
      spec: {
        serviceAccountName: string;
        initContainers?: { name: string; image: string }[];
        containers: {
          name: string;
          image: string;
          env: { name: string; value?: string; valueFrom?: object }[];
          volumeMounts: { name: string; mountPath: string }[];
        }[];
        volumes: object[];
      };
    };
  };
}

const made = (changes: Partial<ManifestInput> = {}): Made[] =>
  manifestObjects({ ...input, ...changes }) as Made[];
const podOf = (objects: readonly Made[]) => {
  const pod = objects.find(({ kind }) => kind === "Deployment")?.spec?.template.spec;
  const container = pod?.containers[0];
  if (pod === undefined || container === undefined) throw new Error("no Deployment");
  return { pod, container, env: new Map(container.env.map((variable) => [variable.name, variable])) };
};

describe("names in the target cluster", () => {
  it("tunnel 39: the key changes with URL, token and namespace, by Rancher's vectors", async () => {
    expect(await tokenKey("https://m.example.com", "t0ken")).toBe("7d34f185a7");
    expect(await tokenKey("https://m.example.com", "t0ken", "c-abcde")).toBe("274ed50e13");
  });

  it("tunnel 37: the checksum is that of the PEM with one newline at its end", async () => {
    expect(await caChecksum("CA")).toBe(input.caChecksum);
    expect(await caChecksum("CA\n\n")).toBe(input.caChecksum);
    expect(await caChecksum("")).toBe("");
  });
});

describe("the import manifest", () => {
  it("tunnel 39: has the objects that Rancher's agent expects, in order, and the agent's file", () => {
    expect(
      made().map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"} ${metadata.name}`),
    ).toEqual([
      "ClusterRole - proxy-clusterrole-kubeapiserver",
      "ClusterRoleBinding - proxy-role-binding-kubernetes-master",
      "Namespace - cattle-system",
      "ServiceAccount cattle-system cattle",
      "ClusterRoleBinding - cattle-admin-binding",
      "Secret cattle-system cattle-credentials-7d34f185a7",
      "ClusterRole - cattle-admin",
      "ConfigMap cattle-system cattle-agent-bundle-0123456789",
      "Deployment cattle-system cattle-cluster-agent",
      "Service cattle-system cattle-cluster-agent",
    ]);
    const secret = made().find(({ kind }) => kind === "Secret");
    expect(secret?.data).toEqual({ url: btoa("https://m.example.com"), token: btoa("t0ken"), namespace: "" });
  });

  it("tunnel 39: sets the agent's environment, volumes and account, and no init container", () => {
    const { pod, container, env } = podOf(made());
    expect(pod.serviceAccountName).toBe("cattle");
    expect(pod).not.toHaveProperty("initContainers");
    expect(container).toMatchObject({ name: "cluster-register", image: "node:24-slim" });
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([
      "/cattle-credentials",
      "/opt/drover",
    ]);
    expect(pod.volumes).toEqual([
      {
        name: "cattle-credentials",
        secret: { secretName: "cattle-credentials-7d34f185a7", defaultMode: 0o500 },
      },
      { name: "agent-bundle", configMap: { name: "cattle-agent-bundle-0123456789" } },
    ]);
    expect(Object.fromEntries(container.env.map(({ name, value }) => [name, value]))).toMatchObject({
      CATTLE_SERVER: "https://m.example.com",
      CATTLE_CA_CHECKSUM: input.caChecksum,
      CATTLE_CLUSTER: "true",
      CATTLE_K8S_MANAGED: "true",
      CATTLE_CREDENTIAL_NAME: "cattle-credentials-7d34f185a7",
      CATTLE_SERVER_VERSION: "v0.1.0",
      CATTLE_INSTALL_UUID: "an-uuid",
      CATTLE_INGRESS_IP_DOMAIN: "sslip.io",
      STRICT_VERIFY: "true",
    });
    expect(env.get("CATTLE_FEATURES")?.value).toContain("multi-cluster-management-agent=true");
  });

  it("has an init container, kube-api-auth and images of a registry of one's own when they are set", () => {
    const objects = made({
      chartsImage: "rancher/charts:1",
      authImage: "rancher/kube-api-auth:1",
      systemDefaultRegistry: "registry.example.com:5000",
    });
    const { pod, container } = podOf(objects);
    expect(pod.initContainers).toMatchObject([
      { name: "rancher-charts-copy", image: "registry.example.com:5000/rancher/charts:1" },
    ]);
    expect(container.image).toBe("registry.example.com:5000/node:24-slim");
    expect(objects.map(({ kind }) => kind)).toContain("DaemonSet");
    const named = podOf(
      made({
        agentImage: "registry.example.com:5000/x/agent:2",
        systemDefaultRegistry: "registry.example.com:5000",
      }),
    );
    expect(named.container.image).toBe("registry.example.com:5000/x/agent:2");
  });

  it("runs an image of Rancher's agent by its own entrypoint, without our file", () => {
    for (const agentImage of ["rancher/rancher-agent:v2.12.1", "registry.example.com:5000/x/rancher-agent"]) {
      const objects = made({ agentImage });
      const { pod, container, env } = podOf(objects);
      expect(container).not.toHaveProperty("command");
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(["/cattle-credentials"]);
      expect(pod.volumes).toHaveLength(1);
      expect(env.get("CATTLE_CREDENTIAL_NAME")?.value).toBe("cattle-credentials-7d34f185a7");
      expect(objects.map(({ kind }) => kind)).not.toContain("ConfigMap");
    }
    expect(podOf(made({ agentImage: "my/rancher-agent-node:1" })).container).toHaveProperty("command");
  });

  it("lets the cluster's own variables win, each name once", () => {
    const { container, env } = podOf(
      made({
        agentEnv: [
          { name: "HTTPS_PROXY", value: "http://proxy:3128" },
          { name: "STRICT_VERIFY", value: "false" },
          { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        ],
      }),
    );
    expect(env.get("STRICT_VERIFY")?.value).toBe("false");
    expect(env.get("HTTPS_PROXY")?.value).toBe("http://proxy:3128");
    expect(env.get("NODE")).toEqual({
      name: "NODE",
      valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } },
    });
    expect(new Set(container.env.map(({ name }) => name)).size).toBe(container.env.length);
  });

  it("tunnel 40: no value can become structure, nor be read as anything but text", () => {
    const hostile = 'x"\n---\nkind: Secret\n# \u2028 &a *a !!js';
    const objects = made({
      agentImage: hostile,
      authImage: hostile,
      installUuid: "yes",
      serverVersion: "0777",
      agentEnv: [{ name: "EVIL", value: hostile }],
    });
    const read = parseAllDocuments(toYaml(objects), { version: "1.1" }).map(
      (document) => document.toJS() as Made,
    );
    expect(read).toEqual(JSON.parse(JSON.stringify(objects)));
    expect(podOf(read).env.get("EVIL")?.value).toBe(hostile);
    expect(podOf(read).env.get("CATTLE_INSTALL_UUID")?.value).toBe("yes");
  });
});

describe("the kubeconfig", () => {
  it("holds names as users chose them, the CA with one newline, and the token", () => {
    const clusterName = 'prod: "eu" # 1';
    const text = kubeconfig({
      serverUrl: "https://m.example.com",
      clusterId: "c-abcde",
      clusterName,
      cacerts: "CA",
      bearer: "kubeconfig-u-1:secret",
    });
    expect(parse(text)).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: clusterName,
          cluster: {
            server: "https://m.example.com/k8s/clusters/c-abcde",
            "certificate-authority-data": btoa("CA\n"),
          },
        },
      ],
      users: [{ name: clusterName, user: { token: "kubeconfig-u-1:secret" } }],
      contexts: [{ name: clusterName, context: { user: clusterName, cluster: clusterName } }],
      "current-context": clusterName,
    });
  });
});

describe("commands of a registration token", () => {
  it("name the manifest, and escape what an administrator's shell would expand", () => {
    const commands = registrationCommands({
      serverUrl: "https://m.example.com",
      clusterId: "c-abcde",
      token: "t0ken",
      caChecksum: "",
      agentEnv: [{ name: "X", value: '$(rm -rf /) `id` "' }],
    });
    expect(commands).toMatchObject({
      manifestUrl: "https://m.example.com/v3/import/t0ken_c-abcde.yaml",
      command: "kubectl apply -f https://m.example.com/v3/import/t0ken_c-abcde.yaml",
      insecureCommand:
        "curl --insecure -sfL https://m.example.com/v3/import/t0ken_c-abcde.yaml | kubectl apply -f -",
    });
    expect(commands.nodeCommand).toContain(String.raw`X="\$(rm -rf /) \`id\` \""`);
  });
});
