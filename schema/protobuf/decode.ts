/** Request bodies of `application/vnd.kubernetes.protobuf` (k8s.io/apimachinery, runtime/serializer/protobuf). */
import { kinds, messages } from "./descriptors/index.ts";
import { ProtobufError, malformed } from "./error.ts";
import { decodeMessage } from "./message.ts";
import { WireReader, wireTypes } from "./wire.ts";

export { ProtobufError } from "./error.ts";

export interface DecodedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** The other members, as Kubernetes' own Go client would have sent them in JSON. */
  readonly object: Record<string, unknown>;
}

/** "k8s" and a zero byte. */
const magic = [0x6b, 0x38, 0x73, 0x00];

/**
 * Decodes a body: the magic number, then runtime.Unknown, that is `{ typeMeta, raw }`, whose `raw` is the object. Bytes
 * become base64 text, times RFC 3339 text. Throws `ProtobufError`: `unknown-kind` for a kind without a descriptor,
 * `malformed` for what the wire format or the message do not allow and for what has no form in JSON (text that is not
 * UTF-8, integers beyond 2^53 - 1, years beyond 9999), `too-large` for more values than an object may have.
 */
export function decodeProtobuf(bytes: Uint8Array): DecodedObject {
  if (!magic.every((byte, at) => bytes[at] === byte))
    throw malformed("the body does not begin as protobuf of Kubernetes does");
  const { apiVersion, kind, raw } = readEnvelope(new WireReader(bytes, magic.length));
  if (kind === "" || !/^(?:[^/]*\/)?[^/]+$/.test(apiVersion))
    throw malformed("the body lacks apiVersion or kind");
  const message = messageOf(apiVersion, kind);
  if (message === undefined)
    throw new ProtobufError(
      "unknown-kind",
      `no kind ${JSON.stringify(kind)} is known for version ${JSON.stringify(apiVersion)}`,
    );
  const object = decodeMessage(messages(), message, raw) as Record<string, unknown>;
  return { apiVersion, kind, object };
}

/** Clients send DeleteOptions in the version of what they delete, whatever that is. */
function messageOf(apiVersion: string, kind: string): string | undefined {
  if (kind === "DeleteOptions") return "meta.v1.DeleteOptions";
  const key = `${apiVersion}/${kind}`;
  return Object.hasOwn(kinds, key) ? kinds[key] : undefined;
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** runtime.Unknown. Its contentEncoding and contentType say nothing of a request; Kubernetes ignores them too. */
function readEnvelope(reader: WireReader): Envelope {
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number > 2) {
      reader.skip(wireType);
      continue;
    }
    if (wireType !== wireTypes.bytes) throw malformed(`wrong wire type ${wireType} of the envelope`);
    if (number === 1) Object.assign(envelope, readTypeMeta(reader.nested()));
    else envelope.raw = reader.bytes();
  }
  return envelope;
}

function readTypeMeta(reader: WireReader): { apiVersion?: string; kind?: string } {
  const meta: { apiVersion?: string; kind?: string } = {};
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number > 2) {
      reader.skip(wireType);
      continue;
    }
    if (wireType !== wireTypes.bytes) throw malformed(`wrong wire type ${wireType} of the envelope`);
    meta[number === 1 ? "apiVersion" : "kind"] = reader.string();
  }
  return meta;
}
