import { describe, expect, it } from "vitest";
import { WatchAnswer } from "./watch-answer.ts";

const head =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Drover-Relay: may follow\r\nContent-Type: application/json\r\n\r\n";
const shownHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n";
// A line that looks like an end, and one that has a chunk's size in it.
const chunks = '5\r\n0\r\n\r\n\r\n1A\r\n{"type":"ADDED","a":"\r\n0"}\r\n';
const end = "0\r\n\r\n";

function take(answer: WatchAnswer, parts: readonly string[]): string {
  return parts.map((part) => answer.take(Buffer.from(part, "latin1")).toString("latin1")).join("");
}

describe("the answer to a watch", () => {
  it("passes but for its end and the word of the relay, wherever it is cut", () => {
    const whole = head + chunks + end;
    for (let first = 0; first <= whole.length; first++)
      for (let second = first; second <= whole.length; second += 7) {
        const answer = new WatchAnswer();
        const parts = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
        expect(take(answer, parts)).toBe(shownHead + chunks);
        expect(answer.state).toBe("begun");
      }
  });

  it("shows each line as soon as it is there", () => {
    const answer = new WatchAnswer();
    expect(take(answer, [head])).toBe(shownHead);
    expect(take(answer, ["2\r\na\n\r\n"])).toBe("2\r\na\n\r\n");
    expect(take(answer, ["2\r\nb"])).toBe("2\r\nb");
    expect(answer.state).toBe("body");
  });

  it.each([
    ["without the word of the relay", head.replace(/X-Drover-Relay[^\r]*\r\n/, "") + chunks + end],
    ["of another status", head.replace("200 OK", "410 Gone") + chunks + end],
    ["of known length", "HTTP/1.1 200 OK\r\nX-Drover-Relay: 1\r\nContent-Length: 2\r\n\r\n{}"],
  ])("passes untouched %s", (_, text) => {
    const answer = new WatchAnswer();
    expect(take(answer, [text.slice(0, 9), text.slice(9)])).toBe(text);
    expect(answer.state).toBe("plain");
  });

  it("refuses what is no chunk", () => {
    const answer = new WatchAnswer();
    expect(() => take(answer, [head, "zz\r\n"])).toThrow("malformed chunk");
  });
});
