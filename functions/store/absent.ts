import { isStoreError } from "../../schema/store/errors.ts";

/** A read whose object may not exist: `undefined` in place of `NotFound`. Other errors pass. */
export async function absentAsUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isStoreError(error, "NotFound")) return undefined;
    throw error;
  }
}
