import { describe, expect, it } from "vitest";
import { connIdBase, newSessionKey, readAttachment } from "./attachment.ts";
import type { Attachment } from "./attachment.ts";

const attachment: Attachment = {
  v: 1,
  clusterId: "c-abcde",
  kind: "steve",
  sessionKey: "1",
  openedAt: 1,
  remoteAddress: "",
};

describe("attachments of sockets", () => {
  it("are read as they were written, without members of other versions", () => {
    expect(readAttachment({ ...attachment, later: true })).toEqual(attachment);
  });

  it.each([
    null,
    undefined,
    "x",
    {},
    { ...attachment, v: 2 },
    { ...attachment, kind: "other" },
    { ...attachment, openedAt: "1" },
  ])("of an unknown form are none: %j", (value) => {
    expect(readAttachment(value)).toBeUndefined();
  });

  it("carry session keys that are non-negative int63", () => {
    for (let count = 0; count < 100; count++) expect(BigInt(newSessionKey()) >> 63n).toBe(0n);
  });

  it("tunnel 6: give stream ids that are safe integers for a century and rise with time", () => {
    expect(connIdBase(Date.parse("2126-01-01"))).toBeLessThan(Number.MAX_SAFE_INTEGER);
    expect(connIdBase(2)).toBeGreaterThan(connIdBase(1) + 999);
  });
});
