import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

function capture(level?: string): { lines: Record<string, unknown>[]; log: ReturnType<typeof createLogger> } {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(level, { requestId: "r1" }, (_, line) =>
    lines.push(JSON.parse(line) as Record<string, unknown>),
  );
  return { lines, log };
}

describe("the log", () => {
  it("writes one JSON object with level, message, time and the fields of its context", () => {
    const { lines, log } = capture();
    log.with({ cluster: "c-abcde" }).warn("lost", { attempt: 2 });
    expect(lines).toEqual([
      {
        time: expect.any(String),
        level: "warn",
        message: "lost",
        requestId: "r1",
        cluster: "c-abcde",
        attempt: 2,
      },
    ]);
  });

  it("leaves out what is below its level, which is info unless told otherwise", () => {
    const { lines, log } = capture("nonsense");
    log.debug("a");
    log.info("b");
    expect(lines.map((line) => line["message"])).toEqual(["b"]);
  });

  it("never writes values under names of secrets, at any depth", () => {
    const { lines, log } = capture();
    log.info("x", {
      password: "p1",
      deep: [{ Authorization: "p2", newPassword: "p3", token: "p4", setCookie: "p5" }],
      tokenName: "token-a",
    });
    expect(JSON.stringify(lines)).not.toMatch(/p[1-5]/);
    expect(lines[0]).toMatchObject({ tokenName: "token-a" });
  });

  it("describes an error with its cause, without the parameters that a database driver attaches", () => {
    const { lines, log } = capture();
    const cause = Object.assign(new Error("inner"), { parameters: ["hunter2"] });
    log.error("failed", { error: new Error("outer", { cause }) });
    expect(lines[0]).toMatchObject({ error: { message: "outer", cause: { message: "inner" } } });
    expect(JSON.stringify(lines)).not.toContain("hunter2");
  });
});
