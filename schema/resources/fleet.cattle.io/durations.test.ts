import { describe, expect, it } from "vitest";
import { admit } from "../admit.ts";
import { gitRepos } from "./git-repos.ts";
import { imageScans } from "./image-scans.ts";
import { schedules } from "./schedules.ts";

describe("durations of Fleet", () => {
  it.each([
    ["0", true],
    ["15s", true],
    ["1h30m", true],
    ["1.5h", true],
    ["100us5ns", true],
    ["2562047h", true],
    ["2562048h", false],
    ["1d", false],
    ["-5s", false],
    ["5", false],
    ["5s ", false],
  ])("%s: %j", async (pollingInterval, valid) => {
    const { problems } = await admit(gitRepos, { spec: { repo: "https://example.com/a", pollingInterval } });
    expect(problems).toEqual(valid ? [] : ["FieldValueInvalid spec.pollingInterval"]);
  });

  it("are looked at wherever they are", async () => {
    const scan = await admit(imageScans, { spec: { image: "a", interval: "x" } });
    expect(scan.problems).toEqual(["FieldValueInvalid spec.interval"]);
    const schedule = await admit(schedules, { spec: { duration: "x" } });
    expect(schedule.problems).toEqual(["FieldValueInvalid spec.duration"]);
    const empty = await admit(gitRepos, { spec: { repo: "a", imageScanInterval: "" } });
    expect(empty.problems).toEqual(["FieldValueInvalid spec.imageScanInterval"]);
  });
});
