/** Where peers connect (tunnel.md 1.13): each shows the id and the secret that are its own; nothing is shared by several. */
import type { PeerConnectContext } from "../../../schema/internal/peers.ts";
import { CONTEXT_HEADER, encodeContext } from "../../../schema/internal/context.ts";
import { provenPeer } from "../../store/peers.ts";
import { systemStore } from "../context.ts";
import type { AppContext } from "../context.ts";
import { ApiError } from "../errors.ts";

/** What no agent sends. */
const ID_HEADER = "x-api-tunnel-id";

export function isPeer(headers: Headers): boolean {
  return (headers.get(ID_HEADER) ?? "") !== "" && (headers.get("x-api-tunnel-token") ?? "") !== "";
}

/** Go asks the agents' authorisers next; here a peer that is not known is nobody, and learns no more than that. */
export async function connectPeer(c: AppContext): Promise<Response> {
  const { headers } = c.req.raw;
  const peer = headers.get(ID_HEADER) ?? "";
  const secretHash = await provenPeer(systemStore(c, "peers"), peer, headers.get("x-api-tunnel-token") ?? "");
  const remoteAddress = c.get("clientAddress");
  if (secretHash === undefined) {
    c.get("log").warn("peer refused", { peer: peer.slice(0, 253), remoteAddress });
    throw new ApiError("Unauthorized", "failed authentication");
  }
  const context: PeerConnectContext = { v: 1, op: "peer-connect", peer, remoteAddress, secretHash };
  const answer = await c.env.PEER.getByName(peer).fetch("https://peer/connect", {
    headers: { upgrade: "websocket", [CONTEXT_HEADER]: encodeContext(context) },
  });
  return new Response(answer.body, answer);
}
