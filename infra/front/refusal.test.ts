import { describe, expect, it } from "vitest";
import { refusal, unavailable } from "./refusal.ts";

const split = (response: string): [head: string, body: string] => {
  const [head = "", body = ""] = response.split("\r\n\r\n");
  return [head, body];
};

describe("the front's own answers", () => {
  it("tells kubectl in a Status that workerd is away", () => {
    const [head, body] = split(
      unavailable("GET /k8s/clusters/c-abcde/api?timeout=32s HTTP/1.1\r\nHost: x\r\n\r\n"),
    );
    expect(head).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    expect(head).toContain("Content-Type: application/json");
    expect(head).toContain(`Content-Length: ${body.length}`);
    expect(JSON.parse(body)).toMatchObject({ kind: "Status", code: 503, reason: "ServiceUnavailable" });
  });

  it.each(["GET /v3/clusters HTTP/1.1\r\n", "POST /?next=/k8s/ HTTP/1.1\r\n", "rest of a body", ""])(
    "tells everybody else in plain text (%j)",
    (head) => {
      expect(unavailable(head)).toBe(refusal(503, "Drover is starting, try again"));
    },
  );
});
