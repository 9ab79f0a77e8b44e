import { describe, expect, it } from "vitest";
import { rewriteHead } from "./request-head.ts";
import { switchedToSpdy, wrapSpdy } from "./spdy-head.ts";

const head = (...lines: string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const exec = head(
  "POST /k8s/clusters/c-a/api/v1/namespaces/n/pods/p/exec?command=sh HTTP/1.1",
  "Host: drover.example",
  "X-Stream-Protocol-Version: v5.channel.k8s.io",
  "X-Stream-Protocol-Version: v4.channel.k8s.io",
  "Content-Length: 0",
  "connection: Upgrade",
  "upgrade: SPDY/3.1",
);

describe("an upgrade to SPDY", () => {
  it("is asked of workerd as a WebSocket that says what it stands for", () => {
    const lines = (wrapSpdy(exec) ?? "").split("\r\n");
    expect(lines.map((line) => line.replace(/^(Sec-WebSocket-Key: )[A-Za-z0-9+/]{22}==$/, "$1…"))).toEqual([
      "GET /k8s/clusters/c-a/api/v1/namespaces/n/pods/p/exec?command=sh HTTP/1.1",
      "Host: drover.example",
      "X-Stream-Protocol-Version: v5.channel.k8s.io",
      "X-Stream-Protocol-Version: v4.channel.k8s.io",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: …",
      "x-drover-upgrade: POST SPDY/3.1",
      "",
      "",
    ]);
  });

  it("is left alone towards anything but clusters, and so are other upgrades", () => {
    expect(wrapSpdy(exec.replace("/k8s/clusters/", "/v3/connect/"))).toBeUndefined();
    expect(wrapSpdy(exec.replace("SPDY/3.1", "websocket"))).toBeUndefined();
    expect(wrapSpdy(exec.replace("SPDY/3.1", "SPDY/3.1, websocket"))).toBeUndefined();
  });

  it("cannot be claimed by a client", () => {
    const claimed = exec.replace("upgrade: SPDY/3.1", "upgrade: websocket\r\nX-Drover-Upgrade: POST evil");
    const judged = rewriteHead(claimed, "");
    expect(judged.ok && judged.head.text.toLowerCase()).not.toContain("x-drover-upgrade");
  });

  it("is answered with the version that the cluster has chosen", () => {
    expect(
      switchedToSpdy(
        "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nx-stream-protocol-version: v4.channel.k8s.io",
      ),
    ).toBe(
      head(
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        "x-stream-protocol-version: v4.channel.k8s.io",
      ),
    );
  });
});
