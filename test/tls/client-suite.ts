/** The tests of the TLS client, run in Node and in workerd. */
import { describe, expect, it } from "vitest";
import { uint, vector } from "../../wire/tls/bytes.ts";
import { encodeMessage, extensionTypes, messageTypes } from "../../wire/tls/messages.ts";
import { contentTypes } from "../../wire/tls/protection.ts";
import { suites } from "../../wire/tls/suites.ts";
import { makePair } from "./certificates.ts";
import type { KeyKind } from "./certificates.ts";
import { converse } from "./dialogue.ts";
import { refusedScripts } from "./protocol-cases.ts";
import { acceptedChains, refusedChains } from "./trust-cases.ts";
import type { ChainCase } from "./trust-cases.ts";

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

export function clientSuite(): void {
  const { ca, server: identity } = makePair();
  const options = { ca: ca.pem, alpn: ["http/1.1"] };

  describe("the TLS client", () => {
    for (const suite of suites.filter(({ version }) => version === "TLS 1.3")) {
      it(`sends and receives with ${suite.name}`, () => {
        const talk = converse(identity, { ...options, script: { suite: suite.id } });
        expect([talk.log, talk.error()]).toEqual([[`secure TLS 1.3 ${suite.name} -`], undefined]);
        expect(talk.server.finishedSeen).toBe(true);
        let heard = "";
        talk.server.onData = (chunk) => (heard += new TextDecoder().decode(chunk));
        talk.act(() => talk.client.write(text("question")));
        talk.act(() => talk.server.data(text("answer")));
        expect([heard, talk.received()]).toEqual(["question", "answer"]);
        talk.act(() => talk.server.record(contentTypes.alert, Uint8Array.of(1, 0)));
        expect(talk.log.at(-1)).toBe("end");
        expect(talk.server.alerts).toEqual([[1, 0]]);
      });
    }

    for (const kind of ["P-256", "P-384", "P-521", "ed25519", "rsa"] satisfies KeyKind[]) {
      it(`believes a server with a key of ${kind}`, () => {
        const pair = makePair(kind);
        expect(converse(pair.server, { ca: pair.ca.pem }).error()).toBeUndefined();
      });
    }

    it("takes the handshake in whatever pieces it comes", () => {
      for (const pieces of [1, 2, 3, 5, 7, 64, 1_000]) {
        const talk = converse(identity, { ...options, pieces });
        talk.act(() => talk.server.data(text("answer")));
        expect([talk.error(), talk.received()]).toEqual([undefined, "answer"]);
      }
    });

    it("names the server it wants, but not by its address", () => {
      const named = converse(identity, options).server.hellos[0]?.extensions.get(extensionTypes.serverName);
      expect(new TextDecoder().decode(named)).toContain("kube.example.com");
      const addressed = converse(identity, { ...options, host: "10.43.0.1" });
      expect(addressed.error()).toBeUndefined();
      expect(addressed.server.hellos[0]?.extensions.has(extensionTypes.serverName)).toBe(false);
    });

    it("takes the protocol that the server chooses", () => {
      const alpn = vector(2, vector(1, text("http/1.1")));
      const talk = converse(identity, {
        ...options,
        script: { encryptedExtensions: [[extensionTypes.alpn, alpn]] },
      });
      expect(talk.log).toEqual(["secure TLS 1.3 TLS_AES_128_GCM_SHA256 http/1.1"]);
    });

    it("goes over to the group that a HelloRetryRequest names, and sends its cookie back", () => {
      for (const id of [0x17, 0x18, 0x19]) {
        const talk = converse(identity, {
          ...options,
          script: {
            retry: ({ extensions }) =>
              void extensions.push(
                [extensionTypes.keyShare, uint(2, id)],
                [extensionTypes.cookie, vector(2, text("cookie"))],
              ),
          },
        });
        expect(talk.error()).toBeUndefined();
        const [first, second] = talk.server.hellos;
        expect(second?.random).toEqual(first?.random);
        expect(second?.extensions.get(extensionTypes.cookie)).toEqual(vector(2, text("cookie")));
        expect(second?.extensions.get(extensionTypes.keyShare)?.subarray(2, 4)).toEqual(uint(2, id));
      }
    });

    it("changes its keys when it is asked to, and asks for others", () => {
      const talk = converse(identity, options);
      let heard = "";
      talk.server.onData = (chunk) => (heard += new TextDecoder().decode(chunk));
      talk.act(() => talk.server.updateKeys(1));
      talk.act(() => talk.server.data(text("one ")));
      talk.act(() => talk.client.write(text("eins ")));
      talk.act(() => talk.client.updateKeys(true));
      talk.act(() => talk.client.write(text("zwei")));
      talk.act(() => talk.server.updateKeys(0));
      talk.act(() => talk.server.data(text("two")));
      expect([talk.error(), talk.received(), heard]).toEqual([undefined, "one two", "eins zwei"]);
      expect(talk.server.keyUpdates).toEqual([0, 1]);
    });

    it("does not mind tickets, warnings of old, and empty records between data", () => {
      const talk = converse(identity, options);
      for (let round = 0; round < 200; round++) {
        talk.act(() =>
          talk.server.record(
            contentTypes.handshake,
            encodeMessage(messageTypes.newSessionTicket, new Uint8Array(99)),
          ),
        );
        talk.act(() => talk.server.record(contentTypes.alert, Uint8Array.of(1, 90)));
        talk.act(() => talk.server.data(new Uint8Array(0)));
        talk.act(() => talk.server.data(text("x")));
      }
      expect([talk.error(), talk.received().length]).toEqual([undefined, 200]);
    });

    it("says goodbye, and hears nothing after it", () => {
      const talk = converse(identity, options);
      talk.act(() => talk.client.close());
      expect(talk.server.alerts).toEqual([[1, 0]]);
      talk.act(() => talk.server.data(text("late")));
      talk.client.receiveEnd();
      expect([talk.received(), talk.log.length]).toEqual(["", 1]);
    });

    it("does not take a cut for an end", () => {
      const talk = converse(identity, options);
      talk.act(() => talk.server.data(text("half of it")));
      talk.client.receiveEnd();
      expect(talk.error()).toBe("-: the connection was closed without the end of TLS");
      const cut = converse(identity, { ...options, script: { flight: () => undefined } });
      cut.client.receiveEnd();
      expect(cut.error()).toBe("-: the connection was closed during the TLS handshake");
    });

    it("refuses a record that came before", () => {
      const talk = converse(identity, options);
      let last = new Uint8Array(0);
      const { onSend } = talk.server;
      talk.server.onSend = (bytes) => {
        last = bytes.slice();
        onSend(bytes);
      };
      talk.act(() => talk.server.data(text("once")));
      talk.act(() => talk.server.raw(last));
      expect([talk.error(), talk.received()]).toEqual([
        "bad_record_mac: a record is not what the server sent",
        "once",
      ]);
    });

    for (const [what, [script, reason]] of Object.entries(refusedScripts)) {
      it(`refuses ${what}`, () => {
        const talk = converse(identity, { ...options, script });
        expect(talk.error()).toMatch(reason);
        expect(talk.received()).toBe("");
        const told = talk.error()?.startsWith("-: ") === true ? 0 : 1;
        expect(talk.server.alerts.filter(([level]) => level === 2)).toHaveLength(told);
      });
    }
  });

  describe("a server's certificate", () => {
    /** `prover` signs the handshake. */
    const judge = (
      { server, ca, above = [], raw = server.raw, host = "kube.example.com" }: ChainCase,
      prover = server,
    ) => converse(prover, { ca, host, script: { chain: [raw, ...above.map((one) => one.raw)] } });

    for (const [what, [make, reason]] of Object.entries(refusedChains)) {
      it(`tunnel 52: is refused for ${what}`, () => {
        const talk = judge(make(), identity);
        expect(talk.error()).toMatch(reason);
        expect(talk.log).toEqual(["error"]);
      });
    }

    for (const [what, make] of Object.entries(acceptedChains)) {
      it(`is believed with ${what}`, () => {
        expect(judge(make()).error()).toBeUndefined();
      });
    }

    it("cannot be believed with a bundle that holds nothing", () => {
      expect(() => converse(identity, { ca: "" })).toThrow(/no usable certificate/);
      expect(() => converse(identity, { ca: identity.keyPem })).toThrow(/no usable certificate/);
    });

    it("cannot be for what is neither a name nor an address", () => {
      for (const host of ["", "a b", "10.43.0.256", "1.2.3", "[10.43.0.1]", "fe80::1%eth0", "x..y", "[::1"])
        expect(() => converse(identity, { ...options, host })).toThrow(/no name/);
    });
  });
}
