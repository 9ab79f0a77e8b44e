/** Names put together of others (rancher/wrangler, SafeConcatName; auth.md 3.1). */

const longest = 63;

/** Joined with dashes. What would be too long for a DNS label is cut and ends in a part of its SHA-256. */
export async function safeConcatName(...parts: readonly string[]): Promise<string> {
  const name = parts.join("-");
  if (name.length <= longest) return name;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // A dash after a dash or a dot would make no label.
  return /[a-z0-9]/i.test(name[56] ?? "")
    ? `${name.slice(0, 57)}-${hash.slice(0, 5)}`
    : `${name.slice(0, 56)}-${hash.slice(0, 6)}`;
}
