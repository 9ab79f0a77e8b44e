import { describe, expect, it } from "vitest";
import { streamsOf } from "./spdy-exec.ts";

describe("the streams of a command", () => {
  it.each([
    ["?command=cat&stdin=true&stdout=true&stderr=true", ["error", "stdin", "stdout", "stderr"]],
    ["?command=ls&stdout=1", ["error", "stdout"]],
    ["?command=sh&stdin=true&stdout=true&stderr=true&tty=true", ["error", "stdin", "stdout", "resize"]],
    ["?stdin=false&stdout=0&stderr=False", ["error"]],
    ["", ["error"]],
  ])("%s", (query, expected) => {
    expect(streamsOf(`/api/v1/namespaces/a/pods/b/exec${query}`)).toEqual(expected);
  });
});
