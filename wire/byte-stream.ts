/**
 * One connection as the code above it sees it, whatever carries it: a tunnel's stream, a TCP socket, TLS over either. Pushes
 * what comes, with a brake. There is no half-close.
 */

/** `eof`: the peer ended cleanly. `error`: dial failure, abort, lost session, broken TLS; the text says which. */
export type CloseReason = { readonly kind: "eof" } | { readonly kind: "error"; readonly text: string };

export interface ByteStream {
  /** False once either side has closed; buffered data may still be delivered. */
  readonly open: boolean;
  /** Not while `pauseReading` holds. The chunk belongs to the reader. */
  onData: (chunk: Uint8Array) => void;
  /** Exactly once, after all data; not after `close`. */
  onClose: (reason: CloseReason) => void;
  /** `write` answered false and there is room again. */
  onDrain: () => void;
  /** False = above the high-water mark: wait for `onDrain`. The bytes may be kept by reference. Ignored when closed. */
  write(bytes: Uint8Array): boolean;
  pauseReading(): void;
  resumeReading(): void;
  /** Ends the stream cleanly. No callback follows. */
  close(): void;
  /** Ends the stream; both `onClose` and the peer, where its protocol can say so, hear why. */
  abort(text: string): void;
}
