/** A short run of `npm run fuzz -- tunnel`: what was found once stays found. */
import { expect, it } from "vitest";
import { runTarget, targets } from "./run.ts";

it.each(targets)("$name survives malformed messages", async (target) => {
  const messages = target.start === undefined ? 3_000 : 300;
  expect(await runTarget(target, { seed: 5, messages })).toMatchObject({ messages });
});
