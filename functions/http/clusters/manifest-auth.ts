/** kube-api-auth for the authorized cluster endpoint (tunnel.md 3, row 11). Pure. */

/** `image` must be an image reference already. */
export function kubeApiAuth(image: string): object {
  const labels = { app: "kube-api-auth" };
  const controlPlane = [
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
  ];
  const linux = { key: "kubernetes.io/os", operator: "NotIn", values: ["windows"] };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "kube-api-auth", namespace: "cattle-system" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: controlPlane.map((key) => ({
                  matchExpressions: [linux, { key, operator: "In", values: ["true"] }],
                })),
              },
            },
          },
          hostNetwork: true,
          serviceAccountName: "cattle",
          tolerations: [{ operator: "Exists" }],
          containers: [
            {
              name: "kube-api-auth",
              image,
              imagePullPolicy: "IfNotPresent",
              volumeMounts: [{ name: "k8s-ssl", mountPath: "/etc/kubernetes" }],
              securityContext: { privileged: true },
            },
          ],
          volumes: [{ name: "k8s-ssl", hostPath: { path: "/etc/kubernetes", type: "DirectoryOrCreate" } }],
        },
      },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%" } },
    },
  };
}
