/** What tunnels report, and that what was shown never goes back. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { ClusterStatistics, TunnelReport } from "../../schema/internal/tunnel-statistics.ts";
import type { DurableEnv } from "../env.ts";

const { TUNNEL_STATISTICS } = env as unknown as DurableEnv;

const report = (clusterId: string, requests: number): TunnelReport => ({
  clusterId,
  sessions: { main: 1, steve: 1 },
  streams: 2,
  added: {
    requests,
    dials: 1,
    receivedBytes: 100,
    sentBytes: 50,
    opened: { steve: 1 },
    errors: { dial: requests },
  },
});

it("adds what is reported, and goes on from what it has shown after it lost its memory", async () => {
  const stub = TUNNEL_STATISTICS.getByName("adds");
  const read = async (): Promise<ClusterStatistics | undefined> =>
    (await stub.read()).find(({ clusterId }) => clusterId === "c-one");
  await stub.report({ ...report("c-one", 3), roundTrip: 0.25 });
  await stub.report(report("c-two", 5));
  expect(await read()).toMatchObject({ total: { requests: 3, errors: { dial: 3 } }, roundTrip: 0.25 });
  await evictDurableObject(stub);
  await stub.report(report("c-one", 4));
  expect(await read()).toMatchObject({
    sessions: { main: 1, steve: 1 },
    streams: 2,
    roundTrip: 0.25,
    total: {
      requests: 7,
      dials: 2,
      receivedBytes: 200,
      sentBytes: 100,
      opened: { steve: 2 },
      errors: { dial: 7 },
    },
  });
  await evictDurableObject(stub);
  expect((await stub.read()).map(({ clusterId }) => clusterId)).toEqual(["c-one", "c-two"]);
});

it("forgets a cluster that is gone, for good", async () => {
  const stub = TUNNEL_STATISTICS.getByName("forgets");
  await stub.report(report("c-one", 3));
  await stub.read();
  await stub.report(report("c-one", 1));
  await stub.forget("c-one");
  expect(await stub.read()).toEqual([]);
  await evictDurableObject(stub);
  expect(await stub.read()).toEqual([]);
});
