/**
 * YAML that every reader understands alike. Texts are always quoted, and YAML 1.1's words are minded as well: kubectl's
 * parser still takes a bare `yes` for a boolean and `0777` for an octal number. Pure.
 */
import { stringify } from "yaml";

/** One document per object. */
export function toYaml(objects: readonly object[]): string {
  return objects
    .map((object) =>
      stringify(object, {
        version: "1.1",
        defaultStringType: "QUOTE_DOUBLE",
        defaultKeyType: "PLAIN",
        lineWidth: 0,
        aliasDuplicateObjects: false,
      }),
    )
    .join("---\n");
}
