/** fleet.cattle.io/v1alpha1 GitRepo (fleet.md 1.1). */
import type { KubeObject } from "../../object.ts";
import type { ResourceDefinition } from "../../resource.ts";
import type { FromSchema } from "../../structural/from-schema.ts";
import { once } from "../../structural/once.ts";
import {
  boolean,
  bytes,
  dateTime,
  int64,
  listOf,
  nullable,
  object,
  string,
  text,
  texts,
} from "../../structural/shapes.ts";
import { column } from "../columns.ts";
import { duration, durationErrors, fleet, maybeString, parts, sourceStatus, statusColumn } from "./group.ts";

const schema = once(() => {
  const { correctDrift, targets } = parts();
  return object({
    spec: object(
      {
        branch: maybeString,
        bundles: listOf(object({ base: string, options: maybeString })),
        caBundle: nullable(bytes),
        clientSecretName: maybeString,
        correctDrift,
        deleteNamespace: boolean,
        disablePolling: boolean,
        forceSyncGeneration: int64,
        helmRepoURLRegex: maybeString,
        helmSecretName: maybeString,
        helmSecretNameForPaths: maybeString,
        imageScanCommit: object({ authorEmail: string, authorName: string, messageTemplate: string }),
        imageScanInterval: duration,
        insecureSkipTLSVerify: boolean,
        keepResources: boolean,
        ociRegistrySecret: string,
        paths: nullable(texts),
        paused: boolean,
        pollingInterval: nullable(duration),
        repo: text(1),
        revision: maybeString,
        serviceAccount: maybeString,
        targetNamespace: maybeString,
        targets,
        webhookSecret: string,
      },
      ["repo"],
    ),
    status: object({
      ...sourceStatus(),
      commit: string,
      gitJobStatus: string,
      lastPollingTriggered: dateTime,
      lastSyncedImageScanTime: dateTime,
      lastWebhookTime: dateTime,
      observedGeneration: int64,
      pollingCommit: string,
      updateGeneration: int64,
      webhookCommit: string,
    }),
  });
});

export type GitRepo = KubeObject & FromSchema<ReturnType<typeof schema>>;

export const gitRepos: ResourceDefinition<GitRepo> = {
  ...fleet,
  kind: "GitRepo",
  plural: "gitrepos",
  singular: "gitrepo",
  categories: ["fleet"],
  schema,
  printerColumns: [
    column("Repo", ".spec.repo"),
    column("Commit", ".status.commit"),
    column("BundleDeployments-Ready", ".status.display.readyBundleDeployments"),
    statusColumn,
  ],
  validate: ({ operation, object: { spec = { repo: "" } } }) =>
    operation === "DELETE"
      ? []
      : durationErrors({
          "spec.imageScanInterval": spec.imageScanInterval,
          "spec.pollingInterval": spec.pollingInterval,
        }),
};
