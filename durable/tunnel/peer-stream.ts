/** A stream that a peer opens to a cluster of ours: to nothing but what a request of ours would be sent to. */
import type { ClusterStreamContext } from "../../schema/internal/peers.ts";
import { joinStreams } from "../../wire/join-streams.ts";
import { ObjectStream } from "../peers/object-stream.ts";
import type { ApiServer } from "./api-server.ts";
import { acceptedPair } from "./client-socket.ts";
import type { LiveSession } from "./live-session.ts";

export interface PeerStreamInput {
  /** The one that a stream of ours would go to. */
  readonly session: LiveSession;
  readonly context: ClusterStreamContext;
  /** In the CONNECT of a steve session, whatever the peer says: an agent dials it literally, if it is an old one. */
  readonly steveAddress: string;
  readonly server: () => Promise<ApiServer | undefined>;
}

/** 101 with the stream, or a text that the peer gets to read. */
export async function peerStream({
  session,
  context: { kind, address },
  steveAddress,
  server,
}: PeerStreamInput): Promise<Response> {
  if (kind === "main") {
    // An agent's main session reaches whatever its pod reaches: a peer was given the cluster's API, not its network.
    const known = await server();
    if (known === undefined || address !== `${known.host}:${known.port}`)
      return new Response(`dial tcp ${address}: not the cluster's API endpoint`, { status: 403 });
  }
  let conn;
  try {
    conn = session.dial(kind === "main" ? address : steveAddress);
  } catch (error) {
    return new Response(`dial tcp ${address}: ${String(error)}`, { status: 503 });
  }
  const { client, server: socket } = acceptedPair();
  joinStreams(new ObjectStream(socket), conn);
  return new Response(null, { status: 101, webSocket: client });
}
