import { isStoreError } from "../../schema/store/errors.ts";
import type { StoreErrorCode } from "../../schema/store/errors.ts";

/** `undefined` where it fails so. Other errors pass. */
export async function unless<T>(code: StoreErrorCode, attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (isStoreError(error, code)) return undefined;
    throw error;
  }
}

/** A read whose object may not exist. */
export function absentAsUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  return unless("NotFound", read);
}
