/** Comparison that takes as long whatever differs. */
import { timingSafeEqual } from "node:crypto";

export function sameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
