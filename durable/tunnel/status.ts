/** What a tunnel's objects tell reconcilers of their sessions. Pure. */
import type { SessionInfo, TunnelStatus } from "../../schema/internal/rpc.ts";
import type { LiveSession } from "./live-session.ts";

export function sessionInfo(session: LiveSession, shard: number): SessionInfo {
  const { attachment, lastHeardAt, askedAt } = session;
  return {
    kind: attachment.kind,
    sessionKey: attachment.sessionKey,
    openedAt: new Date(attachment.openedAt).toISOString(),
    lastHeardAt: new Date(Math.max(lastHeardAt, askedAt)).toISOString(),
    remoteAddress: attachment.remoteAddress,
    ...(attachment.unproven === undefined ? {} : { unproven: true as const }),
    ...(shard === 0 ? {} : { shard }),
  };
}

/** Of all shards: the first one's own, and what the others say. */
export function joinedStatus(own: TunnelStatus, others: readonly TunnelStatus[]): TunnelStatus {
  const all = [own, ...others];
  const [lost] = all.flatMap(({ lastLostAt }) => lastLostAt ?? []).toSorted((a, b) => b.localeCompare(a));
  return {
    clusterId: own.clusterId,
    sessions: all.flatMap(({ sessions }) => sessions),
    ...(lost === undefined ? {} : { lastLostAt: lost }),
  };
}
