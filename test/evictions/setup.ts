/** Each test begins with all tunnels out of memory, which its first request or message brings back. */
import { afterAll, beforeEach, expect } from "vitest";
import { allAtRest, evictions } from "./evictions.ts";

const before = evictions();
beforeEach(() => allAtRest(20_000), 30_000);
afterAll(() => {
  expect(evictions()).toBeGreaterThan(before);
});
