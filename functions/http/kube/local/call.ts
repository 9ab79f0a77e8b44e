/** One request for objects of the management store, as its handlers see it. */
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import type { WrittenSubresource } from "../../../../schema/store/admission.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import type { Identity } from "../../../identity/identity.ts";
import type { AppContext } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { Output } from "./negotiate.ts";
import type { ResourceRequest } from "./request-info.ts";

export interface Call {
  readonly c: AppContext;
  readonly info: ResourceRequest;
  readonly query: URLSearchParams;
  readonly definition: ResourceDefinition;
  /** Empty for types without namespaces, and for requests over all of them. */
  readonly namespace: string;
  readonly identity: Identity;
  /** As the caller. */
  readonly store: BoundStore;
  readonly output: Output;
  /** Sent as `Warning` headers. */
  readonly warnings: string[];
}

/** The name in the path. Throws `MethodNotAllow` where there is none. */
export function nameOf({ info, definition }: Call): string {
  if (info.name === undefined)
    throw new ApiError("MethodNotAllow", `${definition.plural}: this needs the name of an object`);
  return info.name;
}

/** None: the object itself. Throws `NotFound` for a subresource that the type does not have. */
export function subresourceOf({ info, definition }: Call): { readonly subresource?: WrittenSubresource } {
  if (info.subresource === undefined) return {};
  if (info.subresource === "status" && definition.statusSubresource === true)
    return { subresource: "status" };
  if (info.subresource === "finalize" && definition.finalizeSubresource === true) {
    if (info.verb === "update") return { subresource: "finalize" };
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
  }
  throw new ApiError("NotFound", "the server could not find the requested resource");
}
