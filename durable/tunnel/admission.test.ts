import { describe, expect, it } from "vitest";
import { Admission, isInteractive } from "./admission.ts";

const limits = { perUser: 10, perCluster: 20, unanswered: 0, bodyBytes: 0 };

/** How many of `count` requests are admitted; their answers come at once unless `open`. */
function admitted(
  admission: Admission,
  user: string,
  interactive: boolean,
  count: number,
  given = limits,
): number {
  let passed = 0;
  for (let index = 0; index < count; index++) {
    const answer = admission.admit({ user, interactive }, given);
    if (!answer.ok) continue;
    passed++;
    if (given.unanswered === 0) answer.answered();
  }
  return passed;
}

describe("how often a cluster may be asked", () => {
  it("lets two seconds' worth through at once, then the rate, by user and by cluster", () => {
    let now = 0;
    const admission = new Admission(() => now);
    expect(admitted(admission, "a", true, 100)).toBe(20);
    expect(admitted(admission, "b", true, 100)).toBe(20);
    // The cluster's own 40 are used up.
    expect(admitted(admission, "c", true, 100)).toBe(0);
    now = 1_000;
    expect(admitted(admission, "a", true, 100)).toBe(10);
    expect(admitted(admission, "b", true, 100)).toBe(10);
    expect(admitted(admission, "c", true, 100)).toBe(0);
    now = 60_000;
    expect(admitted(admission, "a", true, 100)).toBe(20);
  });

  it("keeps a quarter for interactive requests", () => {
    const admission = new Admission(() => 0);
    expect(admitted(admission, "a", false, 100)).toBe(15);
    expect(admitted(admission, "b", false, 100)).toBe(15);
    expect(admitted(admission, "c", false, 100)).toBe(0);
    expect(admitted(admission, "a", true, 100)).toBe(5);
    expect(admitted(admission, "c", true, 100)).toBe(5);
  });

  it("says after how many whole seconds there is room", () => {
    let now = 0;
    const admission = new Admission(() => now);
    const slow = { ...limits, perUser: 1 };
    expect(admitted(admission, "a", true, 100, slow)).toBe(2);
    expect(admission.admit({ user: "a", interactive: false }, slow)).toMatchObject({ retryAfter: 2 });
    expect(admission.admit({ user: "a", interactive: true }, slow)).toEqual({
      ok: false,
      retryAfter: 1,
      message: "a makes more than 1 requests a second",
    });
    now = 1_000;
    expect(admission.admit({ user: "a", interactive: true }, slow).ok).toBe(true);
  });

  it("holds a part of the unanswered requests for others, and gives places back", () => {
    const admission = new Admission(() => 0);
    const few = { perUser: 0, perCluster: 0, unanswered: 16, bodyBytes: 0 };
    expect(admitted(admission, "a", false, 100, few)).toBe(6);
    expect(admitted(admission, "b", false, 100, few)).toBe(6);
    expect(admitted(admission, "c", false, 100, few)).toBe(0);
    const last = [1, 2, 3, 4].map(() => admission.admit({ user: "c", interactive: true }, few));
    expect(last.every(({ ok }) => ok)).toBe(true);
    expect(admitted(admission, "d", true, 100, few)).toBe(0);
    for (const each of last) if (each.ok) each.answered();
    expect(admitted(admission, "d", true, 100, few)).toBe(4);
  });

  it("0 is no limit, and users who are gone are forgotten", () => {
    let now = 0;
    const admission = new Admission(() => now);
    const none = { perUser: 0, perCluster: 0, unanswered: 0, bodyBytes: 0 };
    expect(admitted(admission, "a", false, 5_000, none)).toBe(5_000);
    for (let user = 0; user < 5_000; user++) {
      now += 10_000;
      expect(admitted(admission, `u-${user}`, false, 1)).toBe(1);
    }
  });
});

describe("what is interactive", () => {
  it.each([
    [{ "user-agent": "kubectl/v1.36.0 (linux/amd64) kubernetes/abc" }, "/api/v1/pods", true],
    [{ "user-agent": "Mozilla/5.0 (X11)" }, "/v1/pods", true],
    [{ upgrade: "websocket" }, "/api/v1/namespaces/a/pods/b/exec", true],
    [{ "user-agent": "Go-http-client/2.0" }, "/api/v1/namespaces/a/pods/b/log?follow=true", true],
    [{ "user-agent": "fleet-controller/v0.0.0" }, "/api/v1/pods?watch=true", false],
    [{}, "/api/v1/pods", false],
    [{ "user-agent": "kubectlike" }, "/api", false],
  ] as const)("%j %s: %s", (headers, target, expected) => {
    expect(isInteractive(new Headers(headers), target)).toBe(expected);
  });
});
