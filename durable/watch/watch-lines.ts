/** What goes over the wire: one line of JSON, as Kubernetes' watch clients read it, in UTF-8. Pure. */
import { failureStatus } from "../../schema/kube-status.ts";
import type { LogEvent } from "../../schema/store/log.ts";
import { objectText } from "../../schema/store/text.ts";
import type { Change } from "./selection.ts";

const encoder = new TextEncoder();
/** Of an event and a line besides their texts: key, labels, the objects themselves. A guess, on the safe side. */
const overheadBytes = 1_000;

/** An event of the log, with each line that some watcher needs of it, made once and shared by all. */
export class LoggedEvent {
  readonly event: LogEvent;
  /** Told when a line was made: memory is accounted for by whoever keeps the event. */
  onGrown: ((bytes: number) => void) | undefined;
  readonly #lines = new Map<string, Uint8Array>();
  #bytes: number;

  constructor(event: LogEvent) {
    this.event = event;
    this.#bytes = textBytes(event) + overheadBytes;
  }

  /** Memory that it takes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * `sealedToo`: with the sealed part, if it has one, and what is needed to open it. Empty for a body that no face could
   * serve: one such must not keep from everybody what comes after it.
   */
  line(change: Change, sealedToo: boolean): Uint8Array {
    const sealed = sealedToo ? this.#sealed(change) : null;
    const variant = sealed === null ? change : `${change} sealed`;
    let line = this.#lines.get(variant);
    if (line === undefined) {
      line = encoder.encode(this.#servable(change, sealed));
      this.#lines.set(variant, line);
      this.#bytes += line.byteLength;
      this.onGrown?.(line.byteLength);
    }
    return line;
  }

  #servable(change: Change, sealed: string | null): string {
    try {
      return this.#text(change, sealed);
    } catch (error) {
      const { revision } = this.event;
      console.error(
        JSON.stringify({
          level: "error",
          message: "an event cannot be sent",
          revision,
          error: String(error),
        }),
      );
      return "";
    }
  }

  #sealed(change: Change): string | null {
    return change === "DELETED" ? this.event.beforeSealed : this.event.sealed;
  }

  /** What goes is shown as it last was, under the revision of its going (as kube-apiserver does). */
  #text(change: Change, sealed: string | null): string {
    const { body, before, revision, uid, namespace, name } = this.event;
    const object = objectText((change === "DELETED" ? before : body) ?? "", revision, null);
    const opening =
      sealed === null ? "" : `,${JSON.stringify({ sealed, uid, namespace, name }).slice(1, -1)}`;
    return `{"type":"${change}","object":${object}${opening}}\n`;
  }
}

/** Two bytes a character, as V8 takes for a text with a single one outside Latin-1. */
function textBytes({ body, sealed, before, beforeSealed }: LogEvent): number {
  return 2 * [body, sealed, before, beforeSealed].reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

export interface BookmarkKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export function bookmarkLine({ apiVersion, kind }: BookmarkKind, revision: number): Uint8Array {
  const metadata = { resourceVersion: String(revision) };
  return lineOf("BOOKMARK", { kind, apiVersion, metadata });
}

/** The client has to list anew. In kube-apiserver's words, which clients look for. */
export function expiredLine(after: number, compacted: number): Uint8Array {
  const message = `too old resource version: ${after} (${compacted})`;
  return lineOf("ERROR", failureStatus(410, "Expired", message));
}

function lineOf(type: string, object: object): Uint8Array {
  return encoder.encode(`${JSON.stringify({ type, object })}\n`);
}
