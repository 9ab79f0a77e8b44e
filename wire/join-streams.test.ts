import { describe, expect, it } from "vitest";
import type { ByteStream, CloseReason } from "./byte-stream.ts";
import { joinStreams } from "./join-streams.ts";

/** One end of a joined pair; the test is what is behind it. */
class End implements ByteStream {
  onData: (chunk: Uint8Array) => void = () => undefined;
  onClose: (reason: CloseReason) => void = () => undefined;
  onDrain: () => void = () => undefined;
  open = true;
  roomy = true;
  readonly log: string[] = [];

  write(bytes: Uint8Array): boolean {
    this.log.push(`write ${bytes.length}`);
    return this.roomy;
  }
  pauseReading(): void {
    this.log.push("pause");
  }
  resumeReading(): void {
    this.log.push("resume");
  }
  close(): void {
    this.open = false;
    this.log.push("close");
  }
  abort(text: string): void {
    if (!this.open) return;
    this.open = false;
    this.log.push(`abort ${text}`);
    this.onClose({ kind: "error", text });
  }
}

describe("two joined streams", () => {
  const join = () => {
    const [one, other] = [new End(), new End()];
    let ends = 0;
    joinStreams(one, other, () => ends++);
    return { one, other, ends: () => ends };
  };

  it("pass bytes both ways, and stop the one while the other is full", () => {
    const { one, other } = join();
    one.onData(new Uint8Array(1));
    other.onData(new Uint8Array(2));
    other.roomy = false;
    one.onData(new Uint8Array(3));
    expect(other.log).toEqual(["write 1", "write 3"]);
    expect(one.log).toEqual(["write 2", "pause"]);
    other.onDrain();
    expect(one.log.at(-1)).toBe("resume");
  });

  it("end together, with the reason, once", () => {
    for (const [reason, said] of [
      [{ kind: "eof" }, "close"],
      [{ kind: "error", text: "dial tcp: refused" }, "abort dial tcp: refused"],
    ] as const) {
      const { one, other, ends } = join();
      one.open = false;
      one.onClose(reason);
      expect([other.log, one.log.filter((line) => line.startsWith("abort")), ends()]).toEqual([
        [said],
        [],
        1,
      ]);
    }
  });

  it("do not lose what the full one still holds when the other has ended", () => {
    const { one, other } = join();
    other.roomy = false;
    one.onData(new Uint8Array(9));
    one.onClose({ kind: "eof" });
    expect(other.log).toEqual(["write 9"]);
    other.onDrain();
    expect(other.log).toEqual(["write 9", "close"]);
  });
});
