/** Public login endpoints, of both generations (auth.md 1.1-1.4). */
import { Hono } from "hono";
import { tokens } from "../../../schema/resources/management.cattle.io/tokens.ts";
import { tokenExpiry } from "../../identity/token-validity.ts";
import { absentAsUndefined } from "../../store/absent.ts";
import { readJsonObject } from "../body.ts";
import { systemStore } from "../context.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { ApiError } from "../errors.ts";
import { sessionCookieOf } from "./cookies.ts";
import { checkLogin, isStillPassword, parseLogin } from "./login.ts";
import { mintToken } from "./tokens.ts";
import type { MintInput } from "./tokens.ts";

/** The one provider there is. Nothing secret is in it. */
const localProvider = {
  id: "local",
  type: "localProvider",
  logoutAllSupported: false,
  logoutAllEnabled: false,
  logoutAllForced: false,
};

export const publicAuth = new Hono<AppEnv>({ strict: true })
  .get("/v1-public/authproviders", (c) => c.json({ data: [localProvider] }))
  .get("/v3-public/authProviders", (c) =>
    c.json({
      type: "collection",
      resourceType: "authProvider",
      links: { self: `${c.get("origin")}/v3-public/authProviders` },
      data: [normanProvider(c)],
    }),
  )
  .get("/v3-public/authProviders/:id", (c) => {
    if (c.req.param("id") !== "local") throw new ApiError("NotFound", "not found");
    return c.json(normanProvider(c));
  })
  .post("/v1-public/login", async (c) => {
    const body = await readJsonObject(c.req.raw);
    if (body["type"] !== localProvider.type)
      throw new ApiError("InvalidBodyContent", "unknown authentication provider");
    return login(c, body);
  })
  .post("/v3-public/localProviders/local", async (c) => login(c, await readJsonObject(c.req.raw)));

function normanProvider(c: AppContext): object {
  const self = `${c.get("origin")}/v3-public/authProviders/local`;
  return {
    ...localProvider,
    baseType: "authProvider",
    links: { self },
    actions: { login: `${c.get("origin")}/v3-public/localProviders/local?action=login` },
  };
}

/** Answers by `responseType` (auth.md 1.4). The life of the session is the setting's; a `ttl` in the body is ignored. */
async function login(c: AppContext, body: Readonly<Record<string, unknown>>): Promise<Response> {
  const input = parseLogin(body);
  const kind = kindOf(input.responseType);
  const store = systemStore(c, "login");
  const checked = await checkLogin(store, input);
  const userId = checked.user.metadata.name;
  const deps = { store: systemStore(c, "token-issuer"), settings: c.get("settings") };
  const minted = await mintToken(deps, {
    ...kind,
    userId,
    description: input.description,
  });
  if (!(await isStillPassword(store, checked))) {
    await absentAsUndefined(deps.store.delete(tokens, "", minted.object.metadata.name));
    throw new ApiError("Unauthorized", "authentication failed");
  }
  if (input.responseType === "cookie") {
    return new Response(null, { headers: { "set-cookie": sessionCookieOf(minted.bearer) } });
  }
  const expiry = tokenExpiry(minted.object);
  return c.json(
    {
      type: "token",
      baseType: "token",
      id: minted.object.metadata.name,
      userId,
      token: minted.bearer,
      expiresAt: expiry === undefined ? "" : new Date(expiry).toISOString().replace(".000Z", "Z"),
    },
    201,
  );
}

/** `kubeconfig`, `kubeconfig_<cluster>`, or a session for everything else. */
function kindOf(responseType: string): Pick<MintInput, "kind" | "clusterName"> {
  if (responseType === "kubeconfig") return { kind: "kubeconfig" };
  const [, clusterName] = /^kubeconfig_(.*)$/s.exec(responseType) ?? [];
  if (clusterName === undefined) return { kind: "session" };
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(clusterName))
    throw new ApiError("InvalidBodyContent", "invalid responseType");
  return { kind: "kubeconfig", clusterName };
}
