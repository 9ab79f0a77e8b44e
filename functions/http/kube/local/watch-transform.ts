/** Between a fan-out's lines and the client: opens sealed members, and makes tables and bare metadata where asked for. */
import { reshaped } from "../../../../schema/custom/reshape.ts";
import type { SealedWatchLine } from "../../../../schema/internal/watch.ts";
import type { KubeObject } from "../../../../schema/object.ts";
import { apiVersionOf } from "../../../../schema/resource.ts";
import { inCurrentForm } from "../../../../schema/store/stored-form.ts";
import type { Call } from "./call.ts";
import { partialMetadataOf } from "./partial-metadata.ts";
import { includeObjectOf, tableOf } from "./table.ts";

const newline = 10;

/** The lines as the client wants them; those that need nothing pass as they are, unread. */
export function shapeEvents(call: Call, lines: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return passesUnread(call) ? lines : lines.pipeThrough(eventTransform(call));
}

/** Whether a fan-out's lines are what the client is sent. */
export function passesUnread({ definition, output }: Pick<Call, "definition" | "output">): boolean {
  return (
    output.as === "object" &&
    !isSealed(definition) &&
    definition.custom === undefined &&
    definition.migrations === undefined &&
    definition.view === undefined
  );
}

function eventTransform(call: Call): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const shape = shaper(call);
  const fits = fitting(call);
  let begun: Uint8Array[] = [];
  return new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      let rest = chunk;
      for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
        const parts = [...begun, rest.subarray(0, end)];
        const whole = begun.length === 0 && fits(rest) ? rest.subarray(0, end + 1) : undefined;
        begun = [];
        rest = rest.subarray(end + 1);
        if (whole !== undefined) {
          controller.enqueue(whole.slice());
          continue;
        }
        const text = parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
        const line = JSON.parse(text) as SealedWatchLine;
        controller.enqueue(encoder.encode(`${JSON.stringify(await shape(line))}\n`));
      }
      if (rest.length > 0) begun.push(rest.slice());
    },
  });
}

/** Whether a line begins as one of the version that was asked for: it passes unread. */
function fitting({ definition, output }: Call): (line: Uint8Array) => boolean {
  if (output.as !== "object" || isSealed(definition) || definition.migrations !== undefined)
    return () => false;
  const apiVersion = JSON.stringify(apiVersionOf(definition));
  const heads = ["ADDED", "MODIFIED", "DELETED"].map((type) =>
    new TextEncoder().encode(`{"type":"${type}","object":{"apiVersion":${apiVersion},`),
  );
  return (line) => heads.some((head) => head.every((byte, at) => line[at] === byte));
}

/** State that was read before the watch has its shape already. */
function shownOf({ definition: { view, group }, rows }: Call, object: KubeObject): KubeObject {
  if (view === undefined || object.apiVersion.startsWith(`${group}/`)) return object;
  return rows === undefined ? view.fromStored(object) : rows.shown(object);
}

function shaper(call: Call): (line: SealedWatchLine) => Promise<object> {
  const { definition, output, store } = call;
  const { as, apiVersion } = output;
  const includeObject = includeObjectOf(call.query);
  let noHeaders = false;
  const inVersion = (type: SealedWatchLine["type"], object: KubeObject): KubeObject =>
    type === "BOOKMARK" ? object : reshaped(definition, object, Number(object.metadata.resourceVersion));
  return async ({ type, object, sealed, uid = "", namespace = "", name = "" }) => {
    if (type === "ERROR") return { type, object };
    const secret =
      sealed === undefined ? {} : await store.texts.unseal(definition, { namespace, name, uid, sealed });
    const opened = { ...(object as KubeObject), ...secret };
    const found = inVersion(type, shownOf(call, opened));
    const whole = type === "BOOKMARK" ? found : inCurrentForm(definition, found);
    switch (as) {
      case "object":
        return { type, object: whole };
      case "PartialObjectMetadata":
        return { type, object: partialMetadataOf(whole, apiVersion) };
      case "Table": {
        const table = tableOf(definition, [whole], { includeObject, noHeaders, apiVersion });
        noHeaders = true;
        return { type, object: table };
      }
      default:
        return as satisfies never;
    }
  };
}

export function isSealed({ sensitive = [], view }: Call["definition"]): boolean {
  return (view?.of.sensitive ?? sensitive).length > 0;
}
