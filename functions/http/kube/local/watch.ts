/** watch: the state first where the client wants it, then what the fan-out object sends, joined at one revision. */
import { apiVersionOf, typeKey } from "../../../../schema/resource.ts";
import type { PageQuery } from "../../../../schema/store/pages.ts";
import type { TextPage } from "../../../../schema/store/text-reads.ts";
import { ApiError } from "../../errors.ts";
import { kubeStatus } from "../../render-error.ts";
import type { Call } from "./call.ts";
import { parseListOptions, tooLargeRevision } from "./list-options.ts";
import type { ListOptions } from "./list-options.ts";
import { relayOf, subscribe } from "./subscribe.ts";
import { selectionOf } from "./selection.ts";
import { answerSocket, wantsWebSocket, watchProtocol } from "./watch-socket.ts";
import { shapeEvents } from "./watch-transform.ts";

const pageRows = 500;
/** kube-apiserver's `--min-request-timeout`: between this and twice as long when the client names none. */
const defaultTimeoutSeconds = 1_800;
const maxTimeoutSeconds = 6 * 3_600;
const encoder = new TextEncoder();

export async function watch(call: Call): Promise<Response> {
  const { store, definition, namespace, info, output } = call;
  if (output.format !== "json") throw new ApiError("NotAcceptable", "a watch is served as JSON alone");
  const { headers } = call.c.req.raw;
  // Refused before anything begins that would have to be ended again.
  if (wantsWebSocket(headers)) watchProtocol(headers);
  const options = parseListOptions(call.query, definition, true);
  const selection = selectionOf(call, options);
  store.texts.mayWatch(definition, selection.namespace ?? namespace, info.name);
  // A session's user may be active meanwhile: his client then comes back as after any timeout.
  const { token, idleUntil = Infinity } = call.identity;
  const endsAt = Math.min(token.expiresAt ?? Infinity, idleUntil);
  const timeoutMs = Math.max(Math.min(timeoutOf(options) * 1000, endsAt - Date.now()), 0);

  if (!wantsState(options)) {
    const after = options.resourceVersion ?? (await store.texts.revision()).revision;
    const events = await subscribe(call, options, selection, after, timeoutMs);
    return answerStream(call, shapeEvents(call, events));
  }
  const query = { ...selection, type: typeKey(definition), limit: pageRows };
  const first = await store.texts.page(definition, query, "watch");
  const tooLarge = futureOf(options, first.revision);
  if (tooLarge !== undefined) return answerStream(call, oneLine("ERROR", kubeStatus(tooLarge)));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sending = sendState(call, query, first, options, writable)
    .then(() => subscribe(call, options, selection, first.revision, timeoutMs))
    .then((events) => events.pipeTo(writable));
  // A client that leaves ends it, and so does a failure: the client sees a broken stream and watches again.
  void sending.catch((error: unknown) => writable.abort(error).catch(() => undefined));
  return answerStream(call, shapeEvents(call, readable));
}

/** No revision, or any: the state comes first, as ADDED events (Kubernetes' "get state and start at most recent"). */
function wantsState({ sendInitialEvents, resourceVersion = 0 }: ListOptions): boolean {
  return sendInitialEvents ?? resourceVersion === 0;
}

function timeoutOf({ timeoutSeconds }: ListOptions): number {
  return Math.min(timeoutSeconds ?? defaultTimeoutSeconds * (1 + Math.random()), maxTimeoutSeconds);
}

/**
 * For state as new as a revision that is yet to come: an event, as from kube-apiserver. To an answer with `Retry-After`
 * client-go would come back ten times before it looks what is wrong.
 */
function futureOf({ resourceVersion = 0 }: ListOptions, revision: number): ApiError | undefined {
  return resourceVersion > revision ? tooLargeRevision(resourceVersion, revision) : undefined;
}

function oneLine(type: "ERROR", object: object): ReadableStream<Uint8Array> {
  return new Response(`${JSON.stringify({ type, object })}\n`).body ?? new ReadableStream();
}

/** Leaves the stream open for what follows. */
async function sendState(
  { store, definition }: Call,
  query: PageQuery,
  first: TextPage,
  { sendInitialEvents, allowWatchBookmarks }: ListOptions,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const writer = writable.getWriter();
  for (let page = first; ;) {
    if (page.texts.length > 0)
      await writer.write(
        encoder.encode(page.texts.map((text) => `{"type":"ADDED","object":${text}}\n`).join("")),
      );
    if (page.next === undefined) break;
    page = await store.texts.page(definition, { ...query, at: first.revision, after: page.next }, "watch");
  }
  if (sendInitialEvents === true && allowWatchBookmarks) {
    const object = {
      kind: definition.kind,
      apiVersion: apiVersionOf(definition),
      metadata: {
        resourceVersion: String(first.revision),
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    };
    await writer.write(encoder.encode(`${JSON.stringify({ type: "BOOKMARK", object })}\n`));
  }
  writer.releaseLock();
}

function answerStream(call: Call, body: ReadableStream<Uint8Array>): Response {
  const { c, output } = call;
  const { headers } = c.req.raw;
  if (wantsWebSocket(headers)) return answerSocket(watchProtocol(headers), body);
  return new Response(body, {
    headers: {
      "content-type": output.contentType,
      "cache-control": "no-cache, private",
      ...(relayOf(call).relay === undefined ? {} : { "x-drover-relay": "may follow" }),
    },
  });
}
