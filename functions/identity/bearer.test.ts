import { describe, expect, it } from "vitest";
import { extractBearer } from "./bearer.ts";

const secret = "b".repeat(54);
const value = `token-abcde:${secret}`;
const other = `token-zzzzz:${"c".repeat(54)}`;

function names(headers: Record<string, string>): string {
  const found = extractBearer(new Headers(headers));
  return found.state === "token" ? `${found.via} ${found.credential.name}` : found.state;
}

describe("the caller's credential", () => {
  it.each(["Bearer", "bearer", "BEARER", "bEaReR"])(
    "auth 14: is a bearer token under the scheme %s",
    (scheme) => {
      expect(names({ authorization: `${scheme} ${value}` })).toBe("header token-abcde");
    },
  );

  it("auth 14: is a Basic pair in the standard or the URL-safe alphabet, padded or not", () => {
    const plain = btoa(value);
    const safe = plain.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    for (const pair of [plain, safe]) {
      expect(names({ authorization: `Basic ${pair}` })).toBe("header token-abcde");
      expect(names({ authorization: `basic ${pair}` })).toBe("header token-abcde");
    }
  });

  it("auth 14: is the session cookie among others", () => {
    expect(names({ cookie: `CSRF=1; R_SESS=${value}; x=y` })).toBe("cookie token-abcde");
  });

  it("auth 14: is the header's when both are there, even if the header's is no token", () => {
    expect(names({ authorization: `Bearer ${other}`, cookie: `R_SESS=${value}` })).toBe("header token-zzzzz");
    expect(names({ authorization: "Bearer nonsense", cookie: `R_SESS=${value}` })).toBe("invalid");
    expect(names({ authorization: "", cookie: `R_SESS=${value}` })).toBe("invalid");
  });

  it.each([
    `Bearer token-abcde:${secret}:x`,
    `Bearer token-abcde:`,
    `Bearer :${secret}`,
    `Bearer ${secret}`,
    "Bearer",
    "Bearer ",
    `Basic ${value}`,
    "Basic !!!",
    `Bearer ${value}, Bearer ${value}`,
    `Bearer ${value} x`,
    `Digest ${value}`,
    value,
    `Bearer ext/ext/token-abcde:${secret}`,
    `Bearer ext/../x:${secret}`,
    `Bearer ext/a%2fb:${secret}`,
    `Bearer TOKEN-ABCDE:${secret}`,
    `Bearer token-abcde:${"a".repeat(54)}`,
    `Bearer token-abcde:${"b".repeat(53)}`,
    `Bearer token-abcde:${"b".repeat(55)}`,
    `Bearer ../x:${secret}`,
    `Basic ${btoa("aa.bb.cc")}`,
    "Bearer aa.bb",
    "Bearer aa.bb.cc.dd",
    "Bearer aa.bb.cc x",
    "Bearer aa.bb.",
  ])("auth 14: is invalid in %j", (authorization) => {
    expect(names({ authorization })).toBe("invalid");
  });

  it("is a JWT under the scheme Bearer alone, never in a cookie", () => {
    expect(extractBearer(new Headers({ authorization: "bearer aa.b-b.c_c" }))).toEqual({
      state: "jwt",
      via: "header",
      token: "aa.b-b.c_c",
    });
    expect(names({ cookie: "R_SESS=aa.bb.cc" })).toBe("invalid");
  });

  it("is a subprotocol of a WebSocket, beside another one", () => {
    const offer = (...protocols: string[]): Record<string, string> => ({
      upgrade: "websocket",
      "sec-websocket-protocol": protocols.join(", "),
    });
    const spoken = (token: string): string =>
      `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
    expect(names(offer("v4.channel.k8s.io", spoken(value)))).toBe("header token-abcde");
    expect(names({ ...offer("x", spoken(value)), authorization: `Bearer ${other}` })).toBe(
      "header token-zzzzz",
    );
    expect(names({ ...offer("x", spoken(value)), cookie: `R_SESS=${other}` })).toBe("header token-abcde");
    expect(extractBearer(new Headers(offer("x", spoken("aa.bb.cc"))))).toMatchObject({ state: "jwt" });
    for (const odd of [
      [spoken(value)],
      ["x", spoken(value), spoken(value)],
      ["x", spoken("")],
      ["x", `${spoken(value)}!`],
    ])
      expect(names({ ...offer(...odd), cookie: `R_SESS=${other}` })).toBe("invalid");
    expect(names({ "sec-websocket-protocol": `x, ${spoken(value)}` })).toBe("none");
  });

  it("is invalid when two different session cookies are sent", () => {
    expect(names({ cookie: `R_SESS=${value}; R_SESS=${other}` })).toBe("invalid");
    expect(names({ cookie: `R_SESS=${value}; R_SESS=${value}` })).toBe("cookie token-abcde");
  });

  it("is absent without header and cookie", () => {
    expect(names({ cookie: "XR_SESS=1" })).toBe("none");
  });
});
