import { expect, it } from "vitest";
import { ScramClient } from "./scram.ts";

// The exchange of RFC 7677, section 3, with the user name left out, as PostgreSQL wants it.
it("proves that it knows the password, and checks that the server does", () => {
  const client = new ScramClient("pencil", "rOprNGfwEbeRWgbNEkqO");
  expect(client.first()).toBe("n,,n=,r=rOprNGfwEbeRWgbNEkqO");
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const final = client.final(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  expect(final).toMatch(new RegExp(`^c=biws,r=${nonce.replaceAll(/[$%)]/g, "\\$&")},p=[A-Za-z0-9+/]{43}=$`));
  expect(() => client.verify(`v=${Buffer.alloc(32).toString("base64")}`)).toThrow(/signature/);
  expect(() => client.verify("e=other-error")).toThrow(/signature/);
});

it("refuses a server that does not continue its nonce, or asks for absurd work", () => {
  const client = new ScramClient("pencil", "abc");
  expect(() => client.final("r=xyz,s=AAAA,i=4096")).toThrow(/server-first/);
  expect(() => client.final("r=abc,s=AAAA,i=4096")).toThrow(/server-first/);
  expect(() => client.final("r=abcd,s=AAAA,i=999999999")).toThrow(/server-first/);
});
