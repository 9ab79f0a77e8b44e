import { env as bindings } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { DurableEnv } from "../env.ts";
import { KeptConnection } from "./kept-connection.ts";

it("fails what is under way when the database cuts it, and answers what is asked next, whole", async () => {
  const connection = new KeptConnection((bindings as unknown as DurableEnv).DB);
  for (let round = 0; round < 20; round++) {
    // The row comes before the cut.
    const cut = connection.use((sql) => sql`select pg_terminate_backend(pg_backend_pid())`);
    await expect(cut).rejects.toThrow();
    expect(await connection.use((sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
  }
});
