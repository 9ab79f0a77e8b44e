/** Only WebSocket upgrades can pass a Worker (platform.md 4): others get an answer that says what to do. */
import { ApiError } from "../errors.ts";

/** Throws `BadRequest` for an upgrade to anything but `websocket`, such as kubectl's SPDY/3.1. */
export function refuseOtherUpgrades(headers: Headers, clusterId: string): void {
  const upgrade = headers.get("upgrade");
  if (upgrade === null || upgrade.toLowerCase() === "websocket") return;
  throw new ApiError(
    "BadRequest",
    `cluster ${clusterId}: upgrades to ${upgrade.slice(0, 40)} cannot pass this server, only WebSocket can. ` +
      "For exec, attach and cp use kubectl 1.30 or newer (1.29: set KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true); " +
      "for port-forward use kubectl 1.31 or newer (1.30: set KUBECTL_PORT_FORWARD_WEBSOCKETS=true).",
  );
}
