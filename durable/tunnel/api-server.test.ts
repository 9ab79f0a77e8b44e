import { expect, it } from "vitest";
import { makePair } from "../../test/tls/certificates.ts";
import type { ClusterConnection } from "../../schema/internal/rpc.ts";
import { ApiServerCache, apiServerOf } from "./api-server.ts";

const { ca } = makePair();
const connection: ClusterConnection = {
  endpoint: "https://10.43.0.1:6443",
  ca: ca.pem,
  token: "t",
  direct: false,
};

it("reads hosts and ports of endpoints, whatever their form", () => {
  const of = (endpoint: string): unknown => {
    const { host, port } = apiServerOf({ ...connection, endpoint });
    return [host, port];
  };
  expect(of("https://10.43.0.1:6443")).toEqual(["10.43.0.1", 6443]);
  expect(of("https://[fd00::1]:443")).toEqual(["[fd00::1]", 443]);
  expect(of("https://kube.example.com/path")).toEqual(["kube.example.com", 443]);
});

it("asks once for what it keeps, and anew after a minute, a new agent or a refusal", async () => {
  let [now, asked] = [0, 0];
  const cache = new ApiServerCache(
    () => {
      asked++;
      return Promise.resolve(connection);
    },
    () => now,
  );
  const [first, second] = await Promise.all([cache.get(), cache.get()]);
  expect([asked, first === second, first === (await cache.get())]).toEqual([1, true, true]);
  cache.doubt();
  await cache.get();
  expect(asked).toBe(1);
  now += 2_000;
  cache.doubt();
  expect([first === (await cache.get()), asked]).toEqual([true, 2]);
  cache.forget();
  await cache.get();
  now += 60_000;
  await cache.get();
  expect(asked).toBe(4);
});

it("does not keep what it was told before an agent came", async () => {
  const answers: ((answer: ClusterConnection | null) => void)[] = [];
  const cache = new ApiServerCache(() => new Promise((resolve) => answers.push(resolve)));
  const early = cache.get();
  cache.forget();
  answers[0]?.(null);
  expect(await early).toBeUndefined();
  const late = cache.get();
  answers[1]?.(connection);
  expect(await late).toMatchObject({ host: "10.43.0.1", authorization: "Bearer t" });
});

it("keeps for a while that there is nothing, and why there can be nothing", async () => {
  let [now, asked] = [0, 0];
  const answers = [null, { ...connection, ca: "" }];
  const cache = new ApiServerCache(
    () => Promise.resolve(asked < 2 ? (answers[asked++] ?? null) : connection),
    () => now,
  );
  expect([await cache.get(), await cache.get(), asked]).toEqual([undefined, undefined, 1]);
  now += 10_000;
  await expect(cache.get()).rejects.toThrow(/no usable certificate/);
  await expect(cache.get()).rejects.toThrow(/no usable certificate/);
  expect(asked).toBe(2);
  now += 10_000;
  expect(await cache.get()).toBeDefined();
});
