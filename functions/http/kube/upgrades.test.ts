import { describe, expect, it } from "vitest";
import { refuseOtherUpgrades, wrappedUpgrade } from "./upgrades.ts";

describe("upgrades to anything but WebSocket", () => {
  it("tunnel 47: are refused with what to set or upgrade, where nothing wraps them", () => {
    const refuse = (upgrade: string) => () => refuseOtherUpgrades(new Headers({ upgrade }), "c-a");
    expect(refuse("SPDY/3.1")).toThrow(
      /^cluster c-a: upgrades to SPDY\/3\.1 .*KUBECTL_REMOTE_COMMAND_WEBSOCKETS/,
    );
    expect(refuse("WebSocket")).not.toThrow();
    expect(() => refuseOtherUpgrades(new Headers(), "c-a")).not.toThrow();
  });

  it("are believed to be wrapped behind the local front alone", () => {
    const headers = new Headers({ "x-drover-upgrade": "POST SPDY/3.1" });
    expect(wrappedUpgrade(headers, { DROVER_TRUST_FRONT: "1" })).toEqual({
      wraps: { method: "POST", protocol: "SPDY/3.1" },
    });
    expect(wrappedUpgrade(headers, {})).toEqual({});
    expect(wrappedUpgrade(new Headers(), { DROVER_TRUST_FRONT: "1" })).toEqual({});
  });
});
