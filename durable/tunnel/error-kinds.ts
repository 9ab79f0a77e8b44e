/** What went wrong with a request, as one of a few words: labels of a metric must not be texts. Pure. */

export type ErrorKind =
  | "buffer"
  | "client"
  | "dial"
  | "http"
  | "limit"
  | "no-session"
  | "session"
  | "stream"
  | "tls";

/** The texts of `wire/`, of the Go peers and of `exchange.ts`; the first that fits. */
const kinds: readonly (readonly [RegExp, ErrorKind])[] = [
  [/^(?:the client is gone|the request body (?:ended early|is too large))/, "client"],
  [/buffer (?:budget )?exceeded$/, "buffer"],
  [/^(?:session (?:lost|ended)|no sign of life|sync from client|tunnel disconnect)/, "session"],
  [/^dial /, "dial"],
  [/^too many requests/, "limit"],
  [/^TLS: /, "tls"],
  [
    /^(?:malformed|bare line feed|bytes after|chunk |invalid |response head|too many|trailers|unknown Transfer|Transfer-Encoding)/,
    "http",
  ],
];

/** Of why an exchange failed. `stream`: it was cut off, by the agent or by what stands behind it. */
export function errorKind(problem: string): ErrorKind {
  return kinds.find(([pattern]) => pattern.test(problem))?.[1] ?? "stream";
}
