import { expect, it } from "vitest";
import { errorKind } from "./error-kinds.ts";

it.each([
  ["dial tcp 10.43.0.1:443: connect: connection refused", "dial"],
  ["the client is gone", "client"],
  ["the request body ended early: Error: x", "client"],
  ["read buffer exceeded", "buffer"],
  ["too many requests: the cluster is asked more than 5 times a second", "limit"],
  ["buffer budget exceeded", "buffer"],
  ["session lost: closed by the agent: 1006", "session"],
  ["tunnel disconnect", "session"],
  ["malformed status line", "http"],
  ["Transfer-Encoding together with Content-Length", "http"],
  ["connection closed", "stream"],
  ["connection closed in the middle of the response", "stream"],
  ["read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by peer", "stream"],
])("%s: %s", (problem, kind) => expect(errorKind(problem)).toBe(kind));
