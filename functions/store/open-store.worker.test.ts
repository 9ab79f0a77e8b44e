/** The way to the one writer, and the other way when it cannot be reached. */
import { env as bindings } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { settings } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import type { CommitItem, CommitResult } from "../../schema/store/types.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { systemActor } from "../http/context.ts";
import { toApiError } from "../http/render-error.ts";
import { openStore } from "./open-store.ts";

const keys = JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } });

/** The real database behind a writer of the test's. `asked` counts what came to that writer. */
function storeWith(commit: (items: readonly CommitItem[]) => Promise<CommitResult[]>): {
  store: BoundStore;
  asked: () => number;
} {
  let asked = 0;
  const writer = {
    commit: (items: readonly CommitItem[]) => {
      asked++;
      return commit(items);
    },
  };
  const env = {
    ...(bindings as unknown as Env),
    DROVER_KEYS: keys,
    DROVER_LOG_LEVEL: "error",
    STORE_WRITER: { getByName: () => writer },
  } as unknown as Env;
  return { store: openStore(env).as(systemActor("test")), asked: () => asked };
}

const setting = (): Setting => ({
  apiVersion: "management.cattle.io/v3",
  kind: "Setting",
  metadata: { name: `s-${crypto.randomUUID()}` },
  value: "1",
});

async function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

describe("a commit", () => {
  it("goes directly when the writer cannot be reached", async () => {
    const { store } = storeWith(() => Promise.reject(new Error("Network connection lost.")));
    const made = await store.create(settings, setting());
    expect(await store.get(settings, "", made.metadata.name)).toEqual(made);
  });

  it.each([
    ["the writer", async () => [{ ok: false, reason: "overloaded" } as const]],
    ["the platform", () => Promise.reject(Object.assign(new Error("too busy"), { overloaded: true }))],
  ])("is answered with 503, and not tried directly, when %s is overloaded", async (_who, commit) => {
    const { store, asked } = storeWith(commit);
    const object = setting();
    const error = await failureOf(store.create(settings, object));
    expect(toApiError(error)).toMatchObject({ code: "ServiceUnavailable", status: 503 });
    expect(asked()).toBe(1);
    await expect(store.get(settings, "", object.metadata.name)).rejects.toMatchObject({ code: "NotFound" });
  });

  it("fails, and is not tried directly, when the database refused it; clients do not hear why", async () => {
    const { store } = storeWith(async () => [{ ok: false, reason: "refused", detail: "bad json" }]);
    const object = setting();
    const error = await failureOf(store.create(settings, object));
    expect(toApiError(error)).toMatchObject({ status: 500, message: "internal error" });
    await expect(store.get(settings, "", object.metadata.name)).rejects.toMatchObject({ code: "NotFound" });
  });
});
