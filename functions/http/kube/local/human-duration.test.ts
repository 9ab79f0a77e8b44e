import { describe, expect, it } from "vitest";
import { ageOf, humanDuration } from "./human-duration.ts";

const ms = 1;
const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;
const y = 365 * d;

describe("humanDuration", () => {
  // The cases of k8s.io/apimachinery's own tests.
  it.each([
    [1 * s, "1s"],
    [70 * s, "70s"],
    [190 * s, "3m10s"],
    [70 * m, "70m"],
    [47 * h, "47h"],
    [49 * h, "2d1h"],
    [8 * d + 2 * h, "8d"],
    [367 * d, "367d"],
    [2 * y + 25 * h, "2y1d"],
    [8 * y + 2 * h, "8y"],
    [-2 * s, "<invalid>"],
    [-2 * s + ms, "0s"],
    [0, "0s"],
    [s - ms, "0s"],
    [2 * m - ms, "119s"],
    [2 * m, "2m"],
    [2 * m + s, "2m1s"],
    [10 * m - ms, "9m59s"],
    [10 * m, "10m"],
    [10 * m + s, "10m"],
    [3 * h - ms, "179m"],
    [3 * h, "3h"],
    [3 * h + m, "3h1m"],
    [8 * h - ms, "7h59m"],
    [8 * h, "8h"],
    [8 * h + 59 * m, "8h"],
    [2 * d - ms, "47h"],
    [2 * d, "2d"],
    [2 * d + h, "2d1h"],
    [8 * d - ms, "7d23h"],
    [8 * d, "8d"],
    [8 * d + 23 * h, "8d"],
    [2 * y - ms, "729d"],
    [2 * y, "2y"],
    [2 * y + 23 * h + 59 * m, "2y"],
    [2 * y + d - ms, "2y"],
    [2 * y + d, "2y1d"],
    [3 * y, "3y"],
    [7 * y, "7y"],
    [8 * y - ms, "7y364d"],
    [8 * y, "8y"],
    [8 * y + 364 * d, "8y"],
    [9 * y, "9y"],
  ])("shows %d ms as %s", (duration, text) => {
    expect(humanDuration(duration)).toBe(text);
  });
});

describe("ageOf", () => {
  const now = new Date("2026-11-25T19:16:30Z");

  it.each([
    ["2026-11-25T19:14:24Z", "2m6s"],
    ["2026-11-25T20:14:24.123456+01:00", "2m5s"],
    ["2026-11-25T19:16:30,5Z", "0s"],
    ["2026-11-25T19:17:30Z", "<invalid>"],
    ["yesterday", "<invalid>"],
    ["2026-11-25", "<invalid>"],
    ["2026-13-45T00:00:00Z", "<invalid>"],
    ["", "<unknown>"],
    ["0001-01-01T00:00:00Z", "<unknown>"],
  ])("of %s is %s", (time, age) => {
    expect(ageOf(time, now)).toBe(age);
  });

  it("of nothing is unknown, of another type invalid", () => {
    expect(ageOf(undefined, now)).toBe("<unknown>");
    expect(ageOf(null, now)).toBe("<unknown>");
    expect(ageOf(5, now)).toBe("<invalid>");
  });
});
