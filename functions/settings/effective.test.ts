import { describe, expect, it } from "vitest";
import { publicSettings, settingNames } from "./catalogue.ts";
import { effectiveSetting } from "./effective.ts";

describe("the effective value of a setting", () => {
  it("is the default when nothing else is known", () => {
    expect(effectiveSetting({}, "password-min-length", undefined)).toEqual({
      value: "12",
      default: "12",
      source: "default",
      customized: false,
    });
    expect(effectiveSetting({}, "password-min-length", "").source).toBe("default");
  });

  it("is the stored value before the default", () => {
    expect(effectiveSetting({}, "ui-pl", "acme")).toEqual({
      value: "acme",
      default: "rancher",
      source: "db",
      customized: true,
    });
  });

  it("is the environment's before all, unless that is empty or no text", () => {
    expect(effectiveSetting({ CATTLE_UI_PL: "env" }, "ui-pl", "acme")).toMatchObject({
      value: "env",
      source: "env",
    });
    expect(effectiveSetting({ CATTLE_UI_PL: "" }, "ui-pl", "acme").value).toBe("acme");
    expect(effectiveSetting({ CATTLE_UI_PL: {} }, "ui-pl", "acme").value).toBe("acme");
  });

  it("takes the CA from the installation, trimmed, because agents hash value plus newline", () => {
    expect(effectiveSetting({ DROVER_CACERTS: " PEM\n\n" }, "cacerts", "other")).toMatchObject({
      value: "PEM",
      source: "env",
    });
  });

  it("takes the start option as the default of server-url, so that a stored one wins", () => {
    const env = { DROVER_SERVER_URL: "https://a.example" };
    expect(effectiveSetting(env, "server-url", undefined)).toMatchObject({
      value: "https://a.example",
      source: "default",
    });
    expect(effectiveSetting(env, "server-url", "https://b.example").value).toBe("https://b.example");
  });

  it("ignores an auth-image that is no image, which would break every import manifest", () => {
    const bad = "a\n- b";
    expect(effectiveSetting({ CATTLE_AUTH_IMAGE: bad }, "auth-image", bad)).toMatchObject({
      value: "",
      source: "default",
    });
    expect(effectiveSetting({ CATTLE_AUTH_IMAGE: bad }, "auth-image", "drover/auth:1").value).toBe(
      "drover/auth:1",
    );
  });

  it("exists for each public setting", () => {
    expect(settingNames).toEqual(expect.arrayContaining([...publicSettings]));
    expect(publicSettings).toHaveLength(7);
  });
});
