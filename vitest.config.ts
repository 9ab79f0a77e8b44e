/** Projects: `unit` (Node), `workers` (inside workerd), and the suites that run the real parts, one file at a time. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** The suites start Postgres, workerd, kube-apiserver and Go programs: patient, and never two files at once. */
function suite(name: string, include: string[]) {
  return {
    test: {
      name,
      include,
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 900_000,
      teardownTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{agent,durable,functions,infra,schema,wire,test}/**/*.test.ts"],
          exclude: ["**/*.worker.test.ts", "**/*.e2e.test.ts", "test/{e2e,interop,crash}/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/setup/wrangler.toml" } })],
        test: {
          name: "workers",
          include: ["{durable,functions,schema}/**/*.worker.test.ts"],
          testTimeout: 60_000,
        },
      },
      suite("e2e", ["test/{e2e,testbed}/**/*.e2e.test.ts"]),
      suite("interop", ["test/interop/**/*.test.ts"]),
      suite("crash", ["test/crash/**/*.test.ts"]),
    ],
  },
});
