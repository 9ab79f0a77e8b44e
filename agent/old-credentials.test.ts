import { afterEach, expect, it, vi } from "vitest";
import type { KubeAnswer, KubeCall } from "./kube-client.ts";
import { deleteOldCredentials, keepDeletingOldCredentials } from "./old-credentials.ts";

const now = Date.parse("2026-11-30T12:00:00Z");
const secret = (name: string, creationTimestamp: string) => ({
  metadata: { name, uid: `uid of ${name}`, creationTimestamp },
});
const items = [
  secret("cattle-credentials-own", "2026-11-01T12:00:00Z"),
  secret("cattle-credentials-old", "2026-11-30T11:00:00Z"),
  secret("cattle-credentials-older", "2026-11-02T12:00:00Z"),
  secret("cattle-credentials-new", "2026-11-30T11:00:01Z"),
  secret("cattle-token-abcde", "2026-11-01T12:00:00Z"),
];

/** A cluster that answers deletions of these with other codes than 200. */
function cluster(codes: Readonly<Record<string, number>> = {}): { call: KubeCall; deleted: string[] } {
  const deleted: string[] = [];
  const call: KubeCall = async (method, path, body): Promise<KubeAnswer> => {
    const name = path.replace("/api/v1/namespaces/cattle-system/secrets", "").slice(1);
    if (method === "GET") return { status: codes["list"] ?? 200, body: { items } };
    expect(body).toMatchObject({ kind: "DeleteOptions", preconditions: { uid: `uid of ${name}` } });
    deleted.push(name);
    return { status: codes[name] ?? 200, body: {} };
  };
  return { call, deleted };
}

afterEach(() => void vi.useRealTimers());

it("deletes credentials that are an hour old and not this agent's, and nothing else", async () => {
  const { call, deleted } = cluster();
  expect(await deleteOldCredentials(call, "cattle-credentials-own", now)).toEqual(deleted);
  expect(deleted).toEqual(["cattle-credentials-old", "cattle-credentials-older"]);
});

it("bears with those that went meanwhile, or came anew, and says when it may not", async () => {
  const gone = cluster({ "cattle-credentials-old": 404, "cattle-credentials-older": 409 });
  expect(await deleteOldCredentials(gone.call, "cattle-credentials-own", now)).toEqual([
    "cattle-credentials-old",
  ]);
  await expect(deleteOldCredentials(cluster({ list: 403 }).call, "x", now)).rejects.toThrow("HTTP 403");
  const forbidden = cluster({ "cattle-credentials-old": 403 });
  await expect(deleteOldCredentials(forbidden.call, "cattle-credentials-own", now)).rejects.toThrow(
    "cattle-system/cattle-credentials-old: HTTP 403",
  );
});

it("looks every hour until the agent stops, whatever failed before", async () => {
  vi.useFakeTimers({ now });
  const { call, deleted } = cluster();
  let fails = true;
  const flaky: KubeCall = async (...args) => {
    if (fails) throw new Error("connection refused");
    return call(...args);
  };
  const lines: string[] = [];
  const stopping = new AbortController();
  keepDeletingOldCredentials(
    flaky,
    "cattle-credentials-own",
    (level, text) => void lines.push(`${level} ${text}`),
    stopping.signal,
  );
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(lines).toEqual(["error old credentials stay: connection refused"]);
  fails = false;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(deleted).toContain("cattle-credentials-old");
  expect(lines).toContain("info deleted Secret cattle-system/cattle-credentials-old, which was replaced");
  stopping.abort();
  deleted.length = 0;
  await vi.advanceTimersByTimeAsync(7_200_000);
  expect(deleted).toEqual([]);
});
