// The object behind the second floor.
import { DurableObject } from "cloudflare:workers";

const body = "x".repeat(1024);

export class ClusterTunnel extends DurableObject {
  fetch() {
    return new Response(body);
  }
}

export class StoreWriter extends DurableObject {}

export class Scheduler extends DurableObject {}

export class StoreReader extends DurableObject {}

export class WatchHub extends DurableObject {}

export class WatchFanout extends DurableObject {}

export class TunnelStatistics extends DurableObject {}

export default {};
