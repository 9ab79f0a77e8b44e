/** Results that would be far larger than the cost of making them: cel-go would make them, if the memory is there. */
import { CostLimitExceeded, perCallLimit } from "../cost-model.ts";

/** A text of this length costs the whole limit to look at once. */
const maxLength = perCallLimit * 10;

/** Throws `CostLimitExceeded` instead of making what is too long. */
export function checkedLength<T>(length: number, make: () => T): T {
  if (length > maxLength) throw new CostLimitExceeded();
  return make();
}

/** The same for numbers of elements. */
export function checkedCount(count: number | bigint): void {
  if (count > perCallLimit) throw new CostLimitExceeded();
}
