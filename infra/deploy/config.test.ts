import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deployedText } from "./config.ts";

const durable = readFileSync(join(import.meta.dirname, "../../durable/wrangler.toml"), "utf8");
const hyperdriveId = "0123456789abcdef0123456789abcdef";

describe("deployedText", () => {
  it("puts the account's Hyperdrive id in place of the zeros", () => {
    const text = deployedText(durable, { hyperdriveId, withApiBinding: true });
    expect(text).toContain(hyperdriveId);
    expect(text).not.toContain("0".repeat(32));
    expect(text).toContain('service = "drover-api"');
  });

  it("keeps the variables of earlier deployments, and sets the server URL when it is given", () => {
    const text = deployedText(durable, { hyperdriveId, withApiBinding: true });
    expect(text).toMatch(/^keep_vars = true\n/);
    expect(text).not.toContain("DROVER_SERVER_URL");
    const given = deployedText(durable, {
      hyperdriveId,
      withApiBinding: true,
      serverUrl: "https://x.example",
    });
    expect(given).toMatch(/\[vars\]\nDROVER_SERVER_URL = "https:\/\/x\.example"\n$/);
  });

  it("leaves out only the binding to the API for a first deployment", () => {
    const text = deployedText(durable, { hyperdriveId, withApiBinding: false });
    expect(text).not.toContain("services");
    expect(text).not.toContain("ControlPlane");
    expect(text).toContain("[exports.Scheduler]");
    expect(text).toContain("[observability]");
  });

  it("refuses an id that could break out of the file", () => {
    expect(() => deployedText(durable, { hyperdriveId: '"\n[x]', withApiBinding: true })).toThrow(
      "32 hex digits",
    );
  });
});
