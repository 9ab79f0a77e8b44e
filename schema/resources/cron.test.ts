import { describe, expect, it } from "vitest";
import { isCron } from "./cron.ts";

describe("a cron expression", () => {
  it.each([
    "0 0 * * *",
    "*/15 * * * *",
    "0 0 * * 0",
    "0,30 8-18/2 1-15 jan-JUN mon",
    "0 0 ? * SUN",
    "@daily",
    "@every 1h30m",
    "TZ=Europe/Berlin 0 0 * * *",
  ])("may be %s", (text) => {
    expect(isCron(text)).toBe(true);
  });

  it.each([
    "",
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "0 24 * * *",
    "0 0 0 * *",
    "0 0 * 13 *",
    "0 0 * * 7",
    "5-1 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "1,,2 * * * *",
    "@sometimes",
    "@every day",
  ])("is not %j", (text) => {
    expect(isCron(text)).toBe(false);
  });
});
