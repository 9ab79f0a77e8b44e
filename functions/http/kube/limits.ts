/** How much clusters may be asked, by settings. They are cached for 10 s, so a hot request asks no database. */
import type { RequestLimits } from "../../../schema/internal/context.ts";
import type { SettingName } from "../../settings/catalogue.ts";
import type { Settings } from "../../settings/settings.ts";

/** What the Worker passes on with each request; the cluster's object counts (durable/tunnel/admission.ts). */
export async function requestLimits(settings: Settings): Promise<RequestLimits> {
  const number = async (name: SettingName): Promise<number> => Math.max(0, await settings.number(name, 0));
  const [perUser, perCluster, unanswered, bodyBytes] = await Promise.all([
    number("cluster-requests-per-second-per-user"),
    number("cluster-requests-per-second"),
    number("cluster-unanswered-requests"),
    number("cluster-request-body-bytes"),
  ]);
  return { perUser, perCluster, unanswered, bodyBytes };
}
