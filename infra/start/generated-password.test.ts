import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstPassword, forgetGeneratedPassword } from "./generated-password.ts";

describe("the first password", () => {
  let dir = "";
  const file = (): string => join(dir, "generated-password");
  beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "drover-password-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("is generated, kept privately until it was shown, and must be changed", () => {
    const first = firstPassword(dir, undefined, false);
    expect(first.mustChange).toBe(true);
    expect(readFileSync(file(), "utf8").trim()).toBe(first.password);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(first.shown(true)).toBe(first.password);
    expect(first.shown(false)).toBeUndefined();
  });

  it("is the same, and shown, after a start that was killed after it had seeded", () => {
    const killed = firstPassword(dir, undefined, false);
    const next = firstPassword(dir, undefined, true);
    expect(next.password).toBe(killed.password);
    expect(next.shown(false)).toBe(killed.password);
  });

  it("is shown after such a start also when the next one gives another that came too late", () => {
    const killed = firstPassword(dir, undefined, false);
    expect(firstPassword(dir, "given", true).shown(false)).toBe(killed.password);
    expect(firstPassword(dir, "given", false)).toMatchObject({ password: "given", mustChange: false });
    expect(firstPassword(dir, "given", false).shown(true)).toBeUndefined();
  });

  it("is neither made nor left behind by a start that finds its database seeded", () => {
    forgetGeneratedPassword(dir);
    expect(firstPassword(dir, undefined, true).password).toBe("");
    expect(existsSync(file())).toBe(false);
  });
});
