/** How much clusters may be asked, by settings. They are cached for 10 s, so a hot request asks no database. */
import type { RequestLimits } from "../../../schema/internal/context.ts";
import type { SettingName } from "../../settings/catalogue.ts";
import type { Settings } from "../../settings/settings.ts";

/**
 * What the Worker passes on with each request; the cluster's object counts (durable/tunnel/admission.ts). Of several objects
 * each has its part of the cluster's limits. A user's requests all go to one of them.
 */
export async function requestLimits(settings: Settings, shards: number): Promise<RequestLimits> {
  const number = async (name: SettingName): Promise<number> => Math.max(0, await settings.number(name, 0));
  const [perUser, perCluster, unanswered, bodyBytes] = await Promise.all([
    number("cluster-requests-per-second-per-user"),
    number("cluster-requests-per-second"),
    number("cluster-unanswered-requests"),
    number("cluster-request-body-bytes"),
  ]);
  const part = (limit: number): number => Math.ceil(limit / shards);
  return { perUser, perCluster: part(perCluster), unanswered: part(unanswered), bodyBytes };
}
