import { Hono } from "hono";
import { expect, it, vi } from "vitest";
import type { Env } from "../../env.ts";
import type { AppEnv } from "../context.ts";
import { rawPath } from "../target.ts";
import { answerError } from "./answer-error.ts";
import { frame } from "./frame.ts";

it.each(["", "{", '{"current":"k1","keys":{}}', '{"current":"k1","keys":{"k1":"short"}}'])(
  "answers 500 in the route's shape when DROVER_KEYS is %j",
  async (keys) => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const app = new Hono<AppEnv>({ getPath: rawPath }).use(frame).all("*", (c) => c.text("served"));
    app.onError(answerError);
    const env = { DROVER_KEYS: keys, DROVER_LOG_LEVEL: "error" } as Env;
    const response = await app.fetch(new Request("http://localhost/v3/clusters"), env);
    expect(response.status).toBe(500);
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    expect(await response.json()).toMatchObject({ type: "error", status: 500, code: "ServerError" });
  },
);
