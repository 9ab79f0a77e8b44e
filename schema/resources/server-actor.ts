/** Whom admission rules trust: the server itself, by what made the actor, never by its name. */
import type { AdmissionContext } from "../resource.ts";

export function isServerItself({ server }: Pick<AdmissionContext["actor"], "server">): boolean {
  return server === true;
}
