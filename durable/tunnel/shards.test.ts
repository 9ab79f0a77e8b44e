import { describe, expect, it } from "vitest";
import type { SessionInfo } from "../../schema/internal/rpc.ts";
import { parseShards, parseTunnelName, shardOf, tunnelName } from "../../schema/internal/tunnel-name.ts";
import { sessionsToMove } from "./shards.ts";

const session = (sessionKey: string, shard: number, more: Partial<SessionInfo> = {}): SessionInfo => ({
  kind: "steve",
  sessionKey,
  shard,
  // The key's number is the age order: higher is newer.
  openedAt: new Date(Number(sessionKey.replace(/\D/g, "")) * 1000).toISOString(),
  lastHeardAt: new Date(0).toISOString(),
  remoteAddress: "",
  ...more,
});

describe("sessionsToMove", () => {
  it("leaves alone what is spread already, or alone", () => {
    expect(sessionsToMove([session("1", 0), session("2", 1), session("3", 2)], 3)).toEqual([]);
    expect(sessionsToMove([session("1", 0), session("2", 0)], 1)).toEqual([]);
    expect(sessionsToMove([session("1", 2)], 1)).toEqual([]);
    expect(sessionsToMove([], 4)).toEqual([]);
  });

  it("moves the oldest of too many in one shard", () => {
    expect(sessionsToMove([session("1", 0), session("2", 0), session("3", 0)], 3)).toEqual(["2", "1"]);
    expect(sessionsToMove([session("1", 0), session("2", 0), session("3", 0), session("4", 1)], 2)).toEqual([
      "1",
    ]);
  });

  it("moves all of those above but the newest where no other is left", () => {
    expect(sessionsToMove([session("1", 0), session("2", 1), session("3", 2)], 1)).toEqual(["3", "2"]);
    expect(sessionsToMove([session("2", 1), session("3", 2)], 1)).toEqual(["2"]);
  });

  it("judges each kind by itself, and counts no session that was not let in", () => {
    const main = session("1", 0, { kind: "main" });
    expect(sessionsToMove([main, session("2", 0)], 2)).toEqual([]);
    expect(sessionsToMove([session("1", 0), session("2", 0, { unproven: true })], 2)).toEqual([]);
  });
});

describe("names of tunnels", () => {
  it("are the cluster's own for shard 0, and read back", () => {
    expect([tunnelName("c-1", 0), tunnelName("c-1", 3)]).toEqual(["c-1", "c-1#3"]);
    expect(parseTunnelName("c-1#3")).toEqual({ clusterId: "c-1", shard: 3 });
    expect(parseTunnelName("c-1")).toEqual({ clusterId: "c-1", shard: 0 });
  });

  it("take users in equal parts, each always to the same", () => {
    const seen = Array.from({ length: 1_000 }, (_, user) => shardOf(`u-${user}`, 4));
    for (const shard of [0, 1, 2, 3])
      expect(seen.filter((other) => other === shard).length).toBeGreaterThan(150);
    expect(shardOf("u-7", 4)).toBe(shardOf("u-7", 4));
  });

  it("read how many from an annotation", () => {
    expect([undefined, "", "1", "16"].map(parseShards)).toEqual([1, 1, 1, 16]);
    expect(["0", "17", "x", "1.5", "-1", "099"].map(parseShards)).toEqual(Array(6).fill(undefined));
  });
});
