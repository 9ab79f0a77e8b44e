/** Projects: `unit` (Node), `workers` (inside workerd), and the suites that run the real parts, one file at a time. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** The suites start Postgres, workerd, kube-apiserver and Go programs: patient, and never two files at once. */
function suite(
  name: string,
  include: string[],
  more: { env?: Record<string, string>; setupFiles?: string[] } = {},
) {
  return {
    test: {
      name,
      include,
      ...more,
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 900_000,
      teardownTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    // Inside workerd, postgres.js leaves this behind for every connection that it closes itself. Heeded at this level only.
    onUnhandledError: ({ message, stack }) =>
      message !== "This socket has been closed." || stack?.includes("postgres/cf/") !== true,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{agent,durable,functions,infra,schema,wire,test}/**/*.test.ts"],
          exclude: ["**/*.worker.test.ts", "**/*.e2e.test.ts", "test/{e2e,interop,crash,conformance}/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./test/setup/wrangler.toml" },
            miniflare: { hyperdrives: { DB: inject("databaseUrl") } },
          })),
        ],
        test: {
          name: "workers",
          globalSetup: ["./test/setup/global-postgres.ts", "./test/setup/global-tls.ts"],
          // They share one database.
          fileParallelism: false,
          include: ["{durable,functions,schema,wire}/**/*.worker.test.ts"],
          testTimeout: 60_000,
        },
      },
      suite("e2e", ["test/{e2e,testbed}/**/*.e2e.test.ts"]),
      suite("interop", ["test/interop/**/*.test.ts"]),
      // Tests of the tunnel once more, in a Drover whose tunnels leave memory whenever they can.
      suite(
        "evictions",
        [
          "test/e2e/{four-steps,handshake,kubectl-versions,main-session,many-agents,old-clusters}.e2e.test.ts",
          "test/e2e/{rancher-agent,router,router-clients,tunnel-observability,tunnel-shards}.e2e.test.ts",
          "test/interop/{go-client,peers}.test.ts",
        ],
        { env: { DROVER_TEST_EVICTIONS: "1" }, setupFiles: ["test/evictions/setup.ts"] },
      ),
      suite("crash", ["test/crash/**/*.test.ts"]),
      suite("conformance", ["test/conformance/**/*.test.ts"]),
    ],
  },
});
