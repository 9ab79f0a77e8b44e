/** AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"), for requests whose body is known. */

export interface AwsRequest {
  readonly method: string;
  /** As it goes on the line, and with its `?`. */
  readonly path: string;
  readonly query: string;
  /** Headers to sign, by lower-case name; `host` and `x-amz-date` (`20150830T123600Z`) among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body. */
  readonly payloadHash: string;
  readonly service: string;
  readonly region: string;
}

/** The value of `Authorization`. */
export async function signAws(
  request: AwsRequest,
  { accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string },
): Promise<string> {
  const { headers, service, region } = request;
  const names = Object.keys(headers).sort();
  const signed = names.join(";");
  const canonical = [
    request.method,
    // Encoded once more, as every service but S3 wants it.
    request.path.split("/").map(encode).join("/"),
    canonicalQuery(request.query),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}`),
    "",
    signed,
    request.payloadHash,
  ].join("\n");
  const at = headers["x-amz-date"] ?? "";
  const scope = `${at.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", at, scope, await sha256(canonical)].join("\n");
  let key = utf8(`AWS4${secretKey}`);
  for (const part of [at.slice(0, 8), region, service, "aws4_request"]) key = await hmac(key, part);
  const signature = hex(await hmac(key, text));
  return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
}

function canonicalQuery(query: string): string {
  const pairs = query
    .replace(/^\?/, "")
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const [name = "", ...rest] = pair.split("=");
      return [encode(decode(name)), encode(decode(rest.join("=")))];
    });
  return pairs
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map((pair) => pair.join("="))
    .join("&");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const globalRegions: readonly (readonly [RegExp, string])[] = [
  [/\bus-gov\b/, "us-gov-west-1"],
  [/\.cn$/, "cn-north-1"],
];

/** By the host: `ec2.eu-west-1.amazonaws.com`, `iam.amazonaws.com`, `eks.cn-north-1.amazonaws.com.cn`, `kms.us-east-2.api.aws`. */
export function serviceAndRegion(host: string): { service: string; region: string } {
  const labels = host.replace(/\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/, "").split(".");
  const region = labels.find((label) => /^[a-z]{2}(?:-[a-z]+)+-\d$/.test(label));
  const service = labels.find(
    (label) => label !== region && !/^(?:us-gov|global|dualstack|fips)$/.test(label),
  );
  const fallback = globalRegions.find(([pattern]) => pattern.test(host))?.[1] ?? "us-east-1";
  return { service: (service ?? "").replace(/-fips$/, ""), region: region ?? fallback };
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}

export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? utf8(data) : data;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
