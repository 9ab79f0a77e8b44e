/** Hostile bytes in a TLS server's place: records, certificates, handshakes that were changed on their way (test/tls/fuzz.ts). */
import { fuzzTls } from "../../tls/fuzz.ts";
import { messagesPerEpisode, must } from "./target.ts";
import type { FuzzTarget } from "./target.ts";

export const tls: FuzzTarget = {
  name: "tls",
  share: 0.05,
  episode(random) {
    const { findings } = fuzzTls(messagesPerEpisode, random.int(2 ** 31));
    must(findings.length === 0, findings.join("; "));
    return messagesPerEpisode;
  },
};
