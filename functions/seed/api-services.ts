/** An APIService for each group and version that is served at the start; later ones: scheduled/custom-types/api-services.ts. */
import type { Registry } from "../../schema/custom/registry.ts";
import { apiServices } from "../../schema/resources/apiregistration.k8s.io/api-services.ts";
import type { APIService } from "../../schema/resources/apiregistration.k8s.io/api-services.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import { followTypes } from "../scheduled/custom-types/api-services.ts";

export async function seedApiServices(store: BoundStore, types: Registry): Promise<void> {
  const { items } = await store.list<APIService>(apiServices);
  await followTypes(store, types, items, new Date(), () => true);
}
