/** A way to a cluster's API: through an agent's session, in the clear or by TLS of our own inside, or by a connection of our own. */
import type { Logger } from "../../schema/logger.ts";
import type { ByteStream } from "../../wire/byte-stream.ts";
import type { Meter } from "./meter.ts";
import type { ConnPool } from "./pool.ts";

export interface Route {
  readonly pool: ConnPool;
  readonly meter: Meter;
  readonly log: Logger;
  /** `Authorization` of an account that may impersonate users, for this route alone; absent where the other end has its own. */
  readonly authorization?: string;
  /** A request waits: see `LiveSession`. Call the result when its answer came. */
  awaitAnswer(onSuspect?: () => void): () => void;
  /**
   * Sees to it that the server of this stream is there still, while a request without a body is under way: a server that does not
   * take a body on does not answer either. Call the result when the request is over.
   */
  watchOver?(stream: ByteStream): () => void;
  /** It could not reach the server just now: the last choice for a while. */
  demote(): void;
}

/** Whether only a steve session can answer it: kube-apiserver knows nothing of Steve's API. */
export function isSteves(target: string): boolean {
  return /^\/(?:v1|ping)(?:[/?]|$)/.test(target);
}

/**
 * Whether a steve session hands it to kube-apiserver as it is. The rest goes through a main session where there is one: of
 * Kubernetes' paths Rancher's embedded server knows these alone (it answers `/healthz` itself, and others with 404); it
 * guards its own objects; and Go's mux redirects a bare `/api` and whatever is not clean.
 */
export function passesSteve(target: string): boolean {
  const [path = ""] = target.split("?", 1);
  return (
    /^\/(?:(?:api|apis|openapi)\/|version$)/.test(path) &&
    !/^\/apis\/management\.cattle\.io(?:\/|$)|(?:\/|%2f){2}/i.test(path)
  );
}
