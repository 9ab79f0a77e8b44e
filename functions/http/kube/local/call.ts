/** One request for objects of the management store, as its handlers see it. */
import type { KubeObject } from "../../../../schema/object.ts";
import type { ResourceAttributes } from "../../../../schema/rbac/types.ts";
import type { ResourceDefinition } from "../../../../schema/resource.ts";
import type { WrittenSubresource } from "../../../../schema/store/admission.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import type { Identity } from "../../../identity/identity.ts";
import type { AppContext } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import type { Output } from "./negotiate.ts";
import type { ResourceRequest } from "./request-info.ts";

/** Of a type whose objects are another type's rows in one namespace: which of them the caller sees, and as what. */
export interface CallRows {
  readonly namespace: string;
  readonly labelText: string;
  /** The right that a watch lasts as long as, where that is not the one to watch the type. */
  readonly asks?: ResourceAttributes;
  readonly shown: (row: KubeObject) => KubeObject;
}

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
  readonly rows?: CallRows;
  readonly output: Output;
  /** Sent as `Warning` headers. */
  readonly warnings: string[];
}

/** The name in the path. Throws `MethodNotAllow` where there is none. */
export function nameOf({ info }: Call): string {
  if (info.name === undefined)
    throw new ApiError("MethodNotAllow", "the server does not allow this method on the requested resource");
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
