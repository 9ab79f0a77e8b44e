/**
 * A sign of life that costs a sleeping server nothing: a text message that the platform answers by itself, as Cloudflare does for an
 * object out of memory. To Go, a text message is fatal: it is sent only where the server has agreed to it in its 101.
 */

/** Not `x-drover-…`, which the front drops. In the agent's request: `1`, "I can". In the server's answer: `keepaliveAsk`, "I answer that". Any other value means no. */
export const KEEPALIVE_HEADER = "x-api-tunnel-keepalive";
export const keepaliveAsk = "drover-alive?";
export const keepaliveAnswer = "drover-alive";
/** How often an agent asks. */
export const keepaliveMs = 60_000;
