import { describe, expect, it } from "vitest";
import { Connector, describeEnd } from "./connector.ts";
import type { TunnelEnd } from "./tunnel.ts";

describe("Connector", () => {
  it("opens again after every end, with growing delays, and stops at once when told to", async () => {
    const lines: string[] = [];
    const stopping = new AbortController();
    const connector = new Connector("main", (level, message) => lines.push(`${level}: ${message}`));
    const ends: TunnelEnd[] = [
      { kind: "refused", status: 400, text: "cluster not found" },
      { kind: "closed", text: "close code 1006", livedMs: 5 },
    ];
    let attempts = 0;
    const began = performance.now();
    let abortedAt = Infinity;
    await connector.run(async (onOpen) => {
      attempts += 1;
      const end = ends.shift();
      if (end?.kind === "closed") onOpen();
      if (end !== undefined) return end;
      setTimeout(() => {
        abortedAt = performance.now();
        stopping.abort();
      }, 20);
      return { kind: "failed", text: "ECONNREFUSED" };
    }, stopping.signal);
    expect(attempts).toBe(3);
    expect(performance.now() - began).toBeGreaterThan(250 + 500);
    const delays = lines.flatMap((line) => / in ([\d.]+) s$/.exec(line)?.[1] ?? []).map(Number);
    for (const [at, most] of [0.5, 1, 2].entries()) {
      expect(delays[at]).toBeGreaterThanOrEqual(most / 2);
      expect(delays[at]).toBeLessThanOrEqual(most);
    }
    // Not after the delay that had begun.
    expect(performance.now() - abortedAt).toBeLessThan(1_000 * (delays[2] ?? 0));
    expect(lines.map((line) => line.replace(/[\d.]+ s$/, "… s"))).toEqual([
      "error: main session: refused with HTTP 400 (cluster not found): the cluster was deleted or its token " +
        "replaced; apply its current import manifest; next attempt in … s",
      "info: main session: connected",
      "error: main session: lost (close code 1006); next attempt in … s",
      "error: main session: cannot connect: ECONNREFUSED; next attempt in … s",
    ]);
  });

  it("knows for how long there has been no session", async () => {
    const stopping = new AbortController();
    const connector = new Connector("steve", () => undefined);
    const downs: number[] = [];
    await new Promise((resolve) => setTimeout(resolve, 30));
    downs.push(connector.downMs);
    await connector.run(async (onOpen) => {
      onOpen();
      downs.push(connector.downMs);
      stopping.abort();
      return { kind: "closed", text: "", livedMs: 0 };
    }, stopping.signal);
    await new Promise((resolve) => setTimeout(resolve, 30));
    downs.push(connector.downMs);
    expect(downs[0]).toBeGreaterThan(20);
    expect(downs[1]).toBe(0);
    expect(downs[2]).toBeGreaterThan(20);
    expect(downs[2]).toBeLessThan(1_000);
  });

  it("says what to do where it is known", () => {
    const refused = (status: number): string => describeEnd({ kind: "refused", status, text: "" });
    expect(refused(404)).toContain("is the server URL Drover's?");
    expect(refused(307)).toContain("redirects are not followed");
    expect(refused(401)).toContain("import manifest");
    expect(refused(503)).toBe("refused with HTTP 503");
  });
});
