/** The functions of rules by name: arguments in, result out. What does not fit the types is `no such overload`. */
import { arithmetic } from "./functions/arithmetic.ts";
import { conversions } from "./functions/conversions.ts";
import { kubernetes } from "./functions/kubernetes.ts";
import { lists } from "./functions/lists.ts";
import { strings } from "./functions/strings.ts";
import { times } from "./functions/times.ts";
import { noSuchOverload } from "./values.ts";
import type { Result, Value } from "./values.ts";

/** `undefined`: not these arguments. */
export type Handler = (args: readonly Value[]) => Result | undefined;

const all: ReadonlyMap<string, Handler> = new Map(
  [arithmetic, conversions, times, strings, lists, kubernetes].flatMap((group) => Object.entries(group)),
);

export function call(name: string, args: readonly Value[]): Result {
  const handler = all.get(name);
  const result = handler?.(args);
  return result === undefined ? noSuchOverload() : result;
}
