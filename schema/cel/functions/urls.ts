/** Parts of URLs as Go's net/url gives them. Pure. */
/** Without port and brackets. */
export function hostname(host: string): string {
  const match = /^\[(.*)\](?::\d*)?$/.exec(host);
  return match?.[1] ?? host.replace(/:\d*$/, "");
}

export function port(host: string): string {
  return /:(\d*)$/.exec(host.replace(/^\[.*\]/, ""))?.[1] ?? "";
}

/** Keys and all their values; pairs that cannot be decoded are left out. */
export function query(raw: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const pair of raw.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const [name = "", ...rest] = pair.split("=");
    const key = decode(name);
    const value = decode(rest.join("="));
    if (key === undefined || value === undefined) continue;
    const values = found.get(key);
    if (values === undefined) found.set(key, [value]);
    else values.push(value);
  }
  return found;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
