/** A Drover with an administrator, and what tests of `/v3` and of logins ask of it. */
import { expect } from "vitest";
import { removeDataDir, startDrover } from "./drover.ts";
import type { Drover } from "./drover.ts";
import { itemsOf, restOf } from "./rest.ts";
import type { Ask, Json, Reply, Rest } from "./rest.ts";

/** Of the administrator, and of every user that `newUser` makes. */
export const password = "a passphrase of the tests";
/** Whose writes need the CSRF cookie's value. */
export const browser = { "user-agent": "Mozilla/5.0" };
/** The login of today's clients. */
export const loginLine = "POST /v1-public/login";

export interface ApiSession {
  readonly drover: Drover;
  /** A session of the administrator's. */
  readonly admin: string;
  readonly adminId: string;
  readonly stop: () => Promise<void>;
}

export async function startApi(): Promise<ApiSession> {
  const drover = await startDrover({ args: ["--bootstrap-password", password] });
  const stop = async (): Promise<void> => {
    await drover.stop();
    removeDataDir(drover.dataDir);
  };
  try {
    const { json, text } = await logInAt(restOf(drover), "admin", password);
    expect(json["token"], text).toBeDefined();
    return { drover, admin: String(json["token"]), adminId: String(json["userId"]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function logInAt(rest: Rest, username: string, word: string, more: object = {}): Promise<Reply> {
  return rest(loginLine, { body: { type: "localProvider", username, password: word, ...more } });
}

export interface ApiUser {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

export interface ApiClient {
  readonly rest: Rest;
  readonly as: (token: string, line: string, ask?: Ask) => Promise<Reply>;
  readonly asAdmin: (line: string, ask?: Ask) => Promise<Reply>;
  readonly logIn: (username: string, word: string, more?: object) => Promise<Reply>;
  /** Of `/v3`, by the administrator; must be answered with 201. */
  readonly created: (type: string, body: object) => Promise<Json>;
  readonly createdToken: (token: string, body?: object) => Promise<Json>;
  /** A new user, logged in. */
  readonly newUser: (fields?: object) => Promise<ApiUser>;
  readonly newCluster: (name: string, more?: object) => Promise<Json>;
  /** The first of a cluster's registration tokens. */
  readonly registrationOf: (clusterId: string) => Promise<Json>;
}

/** Of what `session` gives when it is called. */
export function apiClient(session: () => ApiSession): ApiClient {
  const rest: Rest = (line, ask) => restOf(session().drover)(line, ask);
  const as: ApiClient["as"] = (token, line, ask = {}) => rest(line, { token, ...ask });
  const asAdmin: ApiClient["asAdmin"] = (line, ask) => as(session().admin, line, ask);
  const logIn: ApiClient["logIn"] = (username, word, more) => logInAt(rest, username, word, more);
  const made = async (token: string, line: string, body: object): Promise<Json> => {
    const reply = await as(token, line, { body });
    expect(reply.status, reply.text).toBe(201);
    return reply.json;
  };
  const created: ApiClient["created"] = (type, body) => made(session().admin, `POST /v3/${type}`, body);
  let users = 0;
  return {
    rest,
    as,
    asAdmin,
    logIn,
    created,
    createdToken: (token, body = {}) => made(token, "POST /v3/tokens", body),
    async newUser(fields = {}) {
      const username = `user${++users}`;
      const { id } = await created("users", { username, password, ...fields });
      const { json } = await logIn(username, password);
      return { id: String(id), username, token: String(json["token"]) };
    },
    newCluster: (name, more = {}) => created("clusters", { name, ...more }),
    async registrationOf(clusterId) {
      const tokens = await asAdmin(`GET /v3/clusterregistrationtokens?clusterId=${clusterId}`);
      return itemsOf(tokens)[0] ?? {};
    },
  };
}
