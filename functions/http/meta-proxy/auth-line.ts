/** `X-API-CattleAuth-Header: <signer> credID=cattle-global-data:cc-abcde passwordField=token …` (tunnel.md 4.8). Pure. */
import { ApiError } from "../errors.ts";

export const signers = ["awsv4", "bearer", "basic", "digest", "arbitrary"] as const;

export interface AuthLine {
  readonly signer: (typeof signers)[number];
  readonly fields: ReadonlyMap<string, string>;
}

const needed: Readonly<Record<AuthLine["signer"], readonly string[]>> = {
  awsv4: ["credID"],
  bearer: ["credID", "passwordField"],
  basic: ["credID", "usernameField", "passwordField"],
  digest: ["credID", "usernameField", "passwordField"],
  arbitrary: ["headers"],
};

/** Throws `BadRequest` that names what is missing. */
export function parseAuthLine(text: string): AuthLine {
  const [name = "", ...terms] = text.trim().split(/ +/);
  const signer = signers.find((each) => each === name.toLowerCase());
  if (signer === undefined)
    throw new ApiError("BadRequest", `X-API-CattleAuth-Header: the signer is one of ${signers.join(", ")}`);
  const fields = new Map(
    terms.map((term): [string, string] => {
      const at = term.indexOf("=");
      return at === -1 ? [term, ""] : [term.slice(0, at), term.slice(at + 1)];
    }),
  );
  const missing = needed[signer].filter((field) => (fields.get(field) ?? "") === "");
  if (missing.length > 0)
    throw new ApiError("BadRequest", `X-API-CattleAuth-Header: ${signer} needs ${missing.join(", ")}`);
  return { signer, fields };
}
