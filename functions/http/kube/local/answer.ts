/** Answers about objects in the form that the client negotiated. */
import type { KubeObject } from "../../../../schema/object.ts";
import { isKubernetesType } from "../../../../schema/resource.ts";
import { ApiError } from "../../errors.ts";
import { kubeStatus } from "../../render-error.ts";
import type { Call } from "./call.ts";
import { metadataMismatch, negotiateFormat } from "./negotiate.ts";
import { partialMetadataList, partialMetadataOf } from "./partial-metadata.ts";
import type { ListMeta } from "./partial-metadata.ts";
import { renderText, respond } from "./render.ts";
import { deletedStatus } from "./status-details.ts";
import { includeObjectOf, tableOf } from "./table.ts";

/** JSON text that is passed on as it is, or its parts. */
export function answerText({ c, output }: Call, text: string | AsyncIterable<string>): Promise<Response> {
  const body = typeof text === "string" ? renderText(text, output) : text;
  return respond(c.req.raw, body, { contentType: output.contentType });
}

/** Whether an answer needs no parsing. */
export function isPlain({ as, format, pretty }: Call["output"]): boolean {
  return as === "object" && format === "json" && !pretty;
}

/** `status` 201 for what was created. Throws `NotAcceptable` where a list was asked for. */
export function answerObject(call: Call, object: KubeObject, status = 200): Promise<Response> {
  const { definition, output, query } = call;
  refuseMismatch(call, definition.kind, false);
  switch (output.as) {
    case "object":
      return answerValue(call, object, status);
    case "PartialObjectMetadata":
      return answerValue(call, partialMetadataOf(object, output.apiVersion), status);
    case "Table": {
      const options = { includeObject: includeObjectOf(query), apiVersion: output.apiVersion };
      return answerValue(call, tableOf(definition, [object], options), status);
    }
    default:
      return output.as satisfies never;
  }
}

/** A metav1 Status. */
export function answerFailure({ c, output }: Call, error: ApiError): Promise<Response> {
  const { status, retryAfter } = error;
  return respond(c.req.raw, renderText(kubeStatus(error), output), {
    contentType: output.format === "yaml" ? "application/yaml" : "application/json",
    status,
    ...(retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } }),
  });
}

/** `head`: kind and apiVersion of the list. */
export function answerList(
  call: Call,
  head: { readonly kind: string; readonly apiVersion: string },
  metadata: ListMeta,
  items: readonly KubeObject[],
): Promise<Response> {
  const { definition, output, query } = call;
  refuseMismatch(call, head.kind, true);
  switch (output.as) {
    case "object":
      return answerValue(call, {
        ...head,
        metadata,
        items: isKubernetesType(definition) ? items.map(withoutType) : items,
      });
    case "PartialObjectMetadata":
      return answerValue(call, partialMetadataList(items, metadata, output.apiVersion));
    case "Table": {
      const options = { includeObject: includeObjectOf(query), apiVersion: output.apiVersion, metadata };
      return answerValue(call, tableOf(definition, items, options));
    }
    default:
      return output.as satisfies never;
  }
}

function withoutType(object: KubeObject): object {
  const { apiVersion: _, kind: __, ...rest } = object;
  return rest;
}

/** The Status of a deletion, whatever form objects were asked for in. */
export function answerDeleted({ c, query, definition }: Call, last: KubeObject): Promise<Response> {
  const { headers } = c.req.raw;
  const format = negotiateFormat(headers.get("accept"), query, headers.get("user-agent") ?? "") ?? {
    format: "json",
    pretty: false,
    contentType: "application/json",
  };
  const { name, uid } = last.metadata;
  return respond(c.req.raw, renderText(deletedStatus({ definition, name, uid }), format), format);
}

function answerValue({ c, output }: Call, value: object, status = 200): Promise<Response> {
  return respond(c.req.raw, renderText(value, output), { contentType: output.contentType, status });
}

/** Throws `NotAcceptable` where one object was asked for as many, or many as one. */
export function refuseMismatch({ output }: Call, kind: string, isList: boolean): void {
  const problem = metadataMismatch(output, kind, isList);
  if (problem !== undefined) throw new ApiError("NotAcceptable", problem);
}
