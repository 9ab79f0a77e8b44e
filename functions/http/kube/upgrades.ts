/**
 * Only WebSocket upgrades can pass a Worker (platform.md 4). The local front wraps SPDY in one (infra/front/spdy-head.ts);
 * elsewhere others get an answer that says what to do.
 */
import type { ProxyContext } from "../../../schema/internal/context.ts";
import type { Env } from "../../env.ts";
import { ApiError } from "../errors.ts";

/** What the front's WebSocket stands for. Believed only behind it: there no client can send the header. */
export function wrappedUpgrade(
  headers: Headers,
  env: Pick<Env, "DROVER_TRUST_FRONT">,
): Pick<ProxyContext, "wraps"> {
  if (env.DROVER_TRUST_FRONT !== "1") return {};
  const [method = "", protocol] = (headers.get("x-drover-upgrade") ?? "").split(" ");
  return protocol === undefined ? {} : { wraps: { method, protocol } };
}

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
