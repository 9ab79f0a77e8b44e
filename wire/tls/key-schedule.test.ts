/** The keys of the first trace of RFC 8448 (section 3), of its key exchange and transcripts. */
import { expect, it } from "vitest";
import { KeySchedule, expandLabel, nextTrafficSecret, prf12 } from "./key-schedule.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

it("derives the keys of TLS 1.3 as the RFC's trace has them", () => {
  const schedule = new KeySchedule("sha256");
  schedule.advance(hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d"));
  const hellos = hex("860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
  expect(text(schedule.traffic("c hs traffic", hellos))).toBe(
    "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
  );
  const server = schedule.traffic("s hs traffic", hellos);
  expect(text(server)).toBe("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
  expect(text(expandLabel("sha256", server, "key", hex(""), 16))).toBe("3fce516009c21727d0f2e4e86ee403bc");
  expect(text(expandLabel("sha256", server, "iv", hex(""), 12))).toBe("5d313eb2671276ee13000b30");
  schedule.advance();
  const finished = hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13");
  expect(text(schedule.traffic("c ap traffic", finished))).toBe(
    "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
  );
  expect(text(schedule.traffic("s ap traffic", finished))).toBe(
    "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
  );
});

it("gives as many bytes as are asked for, each from all that went in", () => {
  const lengths = [1, 12, 32, 48, 100];
  for (const hash of ["sha256", "sha384"] as const) {
    const long = prf12(hash, hex("0102"), "label", hex("03"), 100);
    for (const length of lengths) {
      expect(text(prf12(hash, hex("0102"), "label", hex("03"), length))).toBe(text(long.subarray(0, length)));
    }
    expect(text(prf12(hash, hex("0102"), "labem", hex("03"), 100))).not.toBe(text(long));
    expect(nextTrafficSecret(hash, long).length).toBe(hash === "sha256" ? 32 : 48);
  }
});
