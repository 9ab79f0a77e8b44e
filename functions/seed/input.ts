/** What the seed is told (design 10: the start options), read strictly. */
export interface SeedInput {
  /** Absent or empty: no administrator is made. */
  readonly bootstrapPassword?: string;
  /** The password was generated. The password `admin` must be changed in any case. */
  readonly mustChangePassword?: boolean;
  /** Default of the setting `server-url`. */
  readonly serverUrl?: string;
  /** Default of the setting `cacerts`, PEM. */
  readonly cacerts?: string;
  /** Defaults of feature flags: `a=true,b=false`. */
  readonly features?: string;
}

export interface SeedResult {
  /** Whether THIS call made the administrator: only then is the password it was given the valid one. */
  readonly adminCreated: boolean;
  readonly username: string;
}

/** Throws a TypeError that names the field. */
export function parseSeedInput(value: unknown): SeedInput {
  if (typeof value !== "object" || value === null) throw new TypeError("seed: not a JSON object");
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (name: string): string | undefined => {
    const field = fields.get(name) ?? undefined;
    if (field !== undefined && typeof field !== "string")
      throw new TypeError(`seed: ${name} is not a string`);
    return field;
  };
  const mustChange = fields.get("mustChangePassword") ?? undefined;
  if (mustChange !== undefined && typeof mustChange !== "boolean")
    throw new TypeError("seed: mustChangePassword is not a boolean");
  const [bootstrapPassword, serverUrl, cacerts, features] = [
    text("bootstrapPassword"),
    text("serverUrl"),
    text("cacerts"),
    text("features"),
  ];
  return {
    ...(bootstrapPassword === undefined ? {} : { bootstrapPassword }),
    ...(mustChange === undefined ? {} : { mustChangePassword: mustChange }),
    ...(serverUrl === undefined ? {} : { serverUrl }),
    ...(cacerts === undefined ? {} : { cacerts }),
    ...(features === undefined ? {} : { features }),
  };
}
