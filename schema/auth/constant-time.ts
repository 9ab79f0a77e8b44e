/**
 * Whether two byte strings are equal, in a time that depends only on their lengths (which are public in every use here).
 * Plain code, since node:crypto's and workerd's `timingSafeEqual` throw on unequal lengths, which callers forget.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
