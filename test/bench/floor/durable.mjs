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

export default {};
