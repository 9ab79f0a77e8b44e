/** `/livez`, `/readyz` and `/healthz`, as a kube-apiserver answers them: whole, check by check, or one check alone. */
import type { AppContext } from "../../context.ts";
import { respond } from "./render.ts";

const plainText = {
  contentType: "text/plain; charset=utf-8",
  headers: { "cache-control": "no-cache, private", "x-content-type-options": "nosniff" },
} as const;

type Check = (c: AppContext) => Promise<unknown>;

const ping: Check = async () => undefined;
const database: Check = (c) => c.get("store").as({ name: "system:readyz", rules: [] }).texts.revision();

/** Alive is who answers: only readiness asks others. */
const checks: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  healthz: { ping },
  livez: { ping },
  readyz: { ping, database },
};

/** `undefined` for a path that is none of these. Why a check fails is nobody's business here. */
export async function health(
  c: AppContext,
  path: string,
  query: URLSearchParams,
): Promise<Response | undefined> {
  const [, name = "", check, ...rest] = path.split("/");
  const all = Object.hasOwn(checks, name) ? checks[name] : undefined;
  if (all === undefined || rest.length > 0) return undefined;
  if (check !== undefined && !Object.hasOwn(all, check)) return undefined;
  const excluded = check === undefined ? query.getAll("exclude") : [];
  const lines: string[] = [];
  let failed = false;
  for (const [one, run] of Object.entries(all)) {
    if (check !== undefined && one !== check) continue;
    if (excluded.includes(one)) {
      lines.push(`[+]${one} excluded: ok`);
      continue;
    }
    const isFine = await run(c).then(
      () => true,
      () => false,
    );
    failed ||= !isFine;
    lines.push(isFine ? `[+]${one} ok` : `[-]${one} failed: reason withheld`);
  }
  const said = [...lines, `${name} check ${failed ? "failed" : "passed"}`, ""].join("\n");
  const body = failed || (query.has("verbose") && check === undefined) ? said : "ok";
  return respond(c.req.raw, body, { ...plainText, status: failed ? 500 : 200 });
}
