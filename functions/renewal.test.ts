import { expect, it } from "vitest";
import { Renewal } from "./renewal.ts";

it("lets one of many renew what is near its end, and another one if that does not come back", () => {
  const renewal = new Renewal();
  const claims = (now: number): boolean[] => [1, 2, 3].map(() => renewal.claim(now, 10_000, now));
  expect(claims(6_900)).toEqual([false, false, false]);
  expect(claims(7_000)).toEqual([true, false, false]);
  expect(claims(8_000)).toEqual([false, false, false]);
  expect(claims(8_500)).toEqual([true, false, false]);
});
