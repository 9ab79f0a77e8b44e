/** What Go's `url.ParseRequestURI` accepts: an absolute path, or a URI with a scheme. Pure. */
import { parseGoUrl } from "./go-url.ts";

export function parseRequestUri(text: string): boolean {
  return parseGoUrl(text) !== undefined;
}
