/** Answers at `/openapi/v2`: JSON or protobuf, tagged; made once for each set of types that an isolate sees. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import { ApiError } from "../../errors.ts";
import { parseAccept } from "./accept.ts";
import { discoveryTag } from "./discovery.ts";
import { hasTag } from "./discovery-response.ts";
import { swaggerDocument } from "./openapi-v2.ts";
import { encodeSwagger } from "./openapi-v2-protobuf.ts";
import { respond } from "./render.ts";

const protobufTypes = [
  "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
  "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];
/** What kube-apiserver calls it in its answer: `@` may not stand in a media type. */
const protobufAnswer = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

interface Made {
  readonly hash: string;
  readonly tag: string;
  readonly json: string;
  protobuf?: Uint8Array<ArrayBuffer>;
}

/** The last one: types change seldom. */
let made: Made | undefined;

/** `hash`: of the types and of Drover's version. Throws `NotAcceptable`. */
export async function openApiV2Response(
  types: readonly ResourceDefinition[],
  { request, version, hash }: { readonly request: Request; readonly version: string; readonly hash: string },
): Promise<Response> {
  const form = formOf(request.headers.get("accept"));
  if (form === undefined)
    throw new ApiError("NotAcceptable", "only application/json and protobuf of OpenAPI v2 are served");
  const known = made?.hash === hash ? made : await make(types, version, hash);
  made = known;
  const headers = { etag: known.tag, vary: "Accept", "cache-control": "no-cache, private" };
  if (hasTag(request.headers, known.tag)) return new Response(null, { status: 304, headers });
  if (form === "json") return respond(request, known.json, { contentType: "application/json", headers });
  known.protobuf ??= encodeSwagger(swaggerDocument(types, version));
  return new Response(request.method === "HEAD" ? null : known.protobuf, {
    headers: { ...headers, "content-type": protobufAnswer },
  });
}

async function make(types: readonly ResourceDefinition[], version: string, hash: string): Promise<Made> {
  const document = swaggerDocument(types, version);
  return { hash, tag: await discoveryTag(document), json: `${JSON.stringify(document)}\n` };
}

/** Without an Accept header JSON, as kube-openapi serves it. */
function formOf(accept: string | null): "json" | "protobuf" | undefined {
  if ((accept ?? "").trim() === "") return "json";
  for (const { type, subtype } of parseAccept(accept ?? "")) {
    if (type === "application" && subtype === "json") return "json";
    if (protobufTypes.includes(`${type}/${subtype}`)) return "protobuf";
    if (subtype === "*" && (type === "*" || type === "application")) return "json";
  }
  return undefined;
}
