/** Two streams become one: what comes on either goes out on the other, with back pressure both ways. */
import type { ByteStream } from "./byte-stream.ts";

/** Both are this function's alone from here on. `onEnd`: both have ended. */
export function joinStreams(one: ByteStream, other: ByteStream, onEnd: () => void = () => undefined): void {
  let ends = 0;
  const ended = (): void => {
    ends += 1;
    if (ends === 1) onEnd();
  };
  pipe(one, other, ended);
  pipe(other, one, ended);
}

function pipe(from: ByteStream, to: ByteStream, ended: () => void): void {
  let full = false;
  /** `from` has ended while `to` was full: what it still holds goes out first. */
  let closing = false;
  from.onData = (chunk) => {
    if (to.write(chunk)) return;
    full = true;
    from.pauseReading();
  };
  to.onDrain = () => {
    full = false;
    if (closing) to.close();
    else from.resumeReading();
  };
  from.onClose = (reason) => {
    ended();
    if (reason.kind === "error") to.abort(reason.text);
    else if (full) closing = true;
    else to.close();
  };
}
