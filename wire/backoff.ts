/** Delay before the n-th reconnect (n from 0), in milliseconds: exponential to 30 s, with jitter against herds. */
export function reconnectDelay(attempt: number, random: () => number): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10));
  return ceiling * (0.5 + random() / 2);
}
