/** How long an object that nobody uses stays in memory for what it has begun, milliseconds. Each wait is paid for. */
export interface TunnelTimes {
  /** A stream kept for the next request. Short: one that outlives the object is freed only by the agent's SYNC. */
  readonly keptMs: number;
  /** From the end of use until its counts are reported: the object may be about to leave memory. At most this often. */
  readonly reportMs: number;
}

export const tunnelTimes: TunnelTimes = { keptMs: 4_000, reportMs: 1_000 };
