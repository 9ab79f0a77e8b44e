/** What the types of Secrets that Kubernetes knows ask of their data (k8s.io/kubernetes, ValidateSecret). Pure. */
import type { FieldError } from "../../structural/types.ts";
import { invalid, required } from "../names.ts";

export const serviceAccountTokenType = "kubernetes.io/service-account-token";
/** Of a token's Secret: whose it is. The uid is filled in by us. */
export const accountNameAnnotation = "kubernetes.io/service-account.name";
export const accountUidAnnotation = "kubernetes.io/service-account.uid";

interface TypedSecret {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

export function secretTypeErrors({ type, data = {}, metadata: { annotations } }: TypedSecret): FieldError[] {
  const has = (key: string): boolean => Object.hasOwn(data, key);
  const missing = (...keys: string[]): FieldError[] => keys.map((key) => required(`data[${key}]`));
  switch (type) {
    case serviceAccountTokenType:
      return (annotations?.[accountNameAnnotation] ?? "") === ""
        ? [required(`metadata.annotations[${accountNameAnnotation}]`)]
        : [];
    case "kubernetes.io/dockercfg":
      return jsonErrors(data, ".dockercfg");
    case "kubernetes.io/dockerconfigjson":
      return jsonErrors(data, ".dockerconfigjson");
    case "kubernetes.io/basic-auth":
      return has("username") || has("password") ? [] : missing("username", "password");
    case "kubernetes.io/ssh-auth":
      return (data["ssh-privatekey"] ?? "") === "" ? missing("ssh-privatekey") : [];
    case "kubernetes.io/tls":
      return missing(...["tls.crt", "tls.key"].filter((key) => !has(key)));
    default:
      return [];
  }
}

/** A member that must hold a JSON object, in base64. */
function jsonErrors(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  const field = `data[${key}]`;
  const value = Object.hasOwn(data, key) ? data[key] : undefined;
  if (value === undefined) return [required(field)];
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    // `null` is what Go reads as an empty map.
    if (typeof parsed === "object" && !Array.isArray(parsed)) return [];
  } catch {
    // Said below: the parser's own words would show the contents.
  }
  return [invalid(field, "<secret contents redacted>", "must be a JSON object")];
}
