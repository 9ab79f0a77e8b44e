/** Printer columns. Custom types print Age only where they declare it, or no column at all (apiextensions.k8s.io). */
import type { PrinterColumn } from "../resource.ts";

export function column(
  name: string,
  jsonPath: string,
  type: PrinterColumn["type"] = "string",
): PrinterColumn {
  return { name, type, jsonPath };
}

/** Named as the type names it: `Age`, `AGE`. */
export function ageColumn(name = "Age"): PrinterColumn {
  return column(name, ".metadata.creationTimestamp", "date");
}
