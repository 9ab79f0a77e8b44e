/** Idle sessions in the one check path: what ends them, and that their activity does not cost others their cached identity. */
import { env as bindings } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseTokenCredential } from "../../schema/auth/token-secret.ts";
import type { TokenCredential } from "../../schema/auth/token-secret.ts";
import { settings as settingType } from "../../schema/resources/management.cattle.io/settings.ts";
import type { Setting } from "../../schema/resources/management.cattle.io/settings.ts";
import { tokens } from "../../schema/resources/management.cattle.io/tokens.ts";
import type { Token } from "../../schema/resources/management.cattle.io/tokens.ts";
import { users } from "../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../schema/resources/management.cattle.io/users.ts";
import type { BoundStore } from "../../schema/store/store.ts";
import type { Env } from "../env.ts";
import { mintToken } from "../http/auth/tokens.ts";
import { systemActor } from "../http/context.ts";
import { createSettings } from "../settings/settings.ts";
import { openStore } from "../store/open-store.ts";
import { identify } from "./identify.ts";
import { noteActivity } from "./token-records.ts";
import { tokenFacts } from "./token-validity.ts";
import { revokedGrants, watchGrant } from "./watch-grant.ts";

const env = {
  ...(bindings as unknown as Env),
  DROVER_KEYS: JSON.stringify({ current: "k1", keys: { k1: btoa("0123456789abcdef0123456789abcdef") } }),
  DROVER_LOG_LEVEL: "error",
} as Env;
const idle = "auth-user-session-idle-ttl-minutes";
const minute = 60_000;

let store: BoundStore;
/** How often somebody's identity had to be read. */
let reads = 0;

const session = async (userId: string): Promise<{ token: Token; credential: TokenCredential }> => {
  await store.create<User>(users, {
    apiVersion: "management.cattle.io/v3",
    kind: "User",
    metadata: { name: userId },
    username: userId,
  });
  const settings = createSettings(env, () => store);
  const { object, bearer } = await mintToken({ store, settings }, { kind: "session", userId });
  const credential = parseTokenCredential(bearer);
  if (credential === undefined) throw new Error("the token cannot be read");
  return { token: object, credential };
};
const who = async (credential: TokenCredential, at: number): Promise<string | undefined> => {
  const sources = {
    store: (): BoundStore => {
      reads++;
      return store;
    },
    settings: createSettings(
      env,
      () => store,
      () => at,
    ),
  };
  return (await identify(credential, sources, () => at))?.userId;
};
const seen = async ({ metadata: { name } }: Token, at: number): Promise<Token> =>
  noteActivity(store, name, () => new Date(at).toISOString().replace(/\.\d+Z/, "Z"));

beforeAll(async () => {
  store = openStore(env).as(systemActor("test"));
  const { items } = await store.list<Setting>(settingType, {});
  const stored = items.find(({ metadata: { name } }) => name === idle);
  const wanted = {
    ...(stored ?? { apiVersion: "management.cattle.io/v3", kind: "Setting", metadata: { name: idle } }),
    value: "2",
  } as Setting;
  await (stored === undefined ? store.create(settingType, wanted) : store.update(settingType, wanted));
});

describe("a session", () => {
  it("auth 15: ends when its user was not seen for the idle time, a remembered identity at that very moment", async () => {
    const { token, credential } = await session("idle-ends");
    const now = Math.floor(Date.now() / 1000) * 1000;
    await seen(token, now - minute);
    expect(await who(credential, now + minute)).toBe("idle-ends");
    expect(await who(credential, now + minute + 1)).toBeUndefined();
  });

  it("lives on when its user was seen meanwhile, which the isolate that remembers him did not hear of", async () => {
    const { token, credential } = await session("idle-seen");
    const now = Math.floor(Date.now() / 1000) * 1000;
    await seen(token, now - 2 * minute + 1_000);
    expect(await who(credential, now)).toBe("idle-seen");
    await seen(token, now);
    expect(await who(credential, now + 2_000)).toBe("idle-seen");
    expect(await who(credential, now + 2 * minute)).toBe("idle-seen");
    expect(await who(credential, now + 2 * minute + 1)).toBeUndefined();
  });

  it("of somebody who is active costs nobody his remembered identity, and its end does", async () => {
    const [active, other] = [await session("idle-active"), await session("idle-other")];
    const now = Date.now();
    for (const { credential } of [active, other]) await who(credential, now);
    const before = reads;
    for (let count = 0; count < 3; count++) await seen(active.token, now + count * 1_000);
    for (const { credential } of [active, other]) expect(await who(credential, now + 10)).toBeDefined();
    expect(reads).toBe(before);
    await store.modify<Token>(tokens, "", active.token.metadata.name, (token) => ({
      ...token,
      enabled: false,
    }));
    expect(await who(active.credential, now + 10)).toBeUndefined();
    expect(reads).toBe(before + 1);
  });

  it("keeps the generation of its token, which tells the watches whether to ask", async () => {
    const { token } = await session("idle-generation");
    const after = await seen(token, Date.now());
    expect(after.metadata.generation).toBe(token.metadata.generation);
    const { name } = token.metadata;
    const both = await store.modify<Token>(tokens, "", name, (current) => ({
      ...current,
      token: "$3:1:other:hash",
      activityLastSeenAt: "2026-01-01T00:00:00Z",
    }));
    expect(both.metadata.generation).toBe((token.metadata.generation ?? 0) + 1);
  });

  it("takes its watches with it", async () => {
    const { token } = await session("idle-watch");
    const now = Date.now();
    const latest = await seen(token, now);
    const caller = { userId: "idle-watch", groups: [], token: tokenFacts(latest) };
    // What everybody may see of himself.
    const asks = { verb: "get", group: "management.cattle.io", resource: "users", name: "idle-watch" };
    const grant = watchGrant(caller, undefined, asks);
    const settings = createSettings(env, () => store);
    const revoked = (at: number): Promise<number[]> => revokedGrants({ store, settings, now: at }, [grant]);
    expect(await revoked(now + minute)).toEqual([]);
    expect(await revoked(now + 3 * minute)).toEqual([0]);
  });
});
