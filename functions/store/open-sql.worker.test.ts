/** The database through a Worker's own socket. */
import { env as bindings } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../env.ts";
import { openSql } from "./open-sql.ts";

const env = bindings as unknown as Env;

describe("a Worker's connection to the database", () => {
  it("brings rows of any length whole and in order, whatever they share a read with", async () => {
    const lengths = [0, 1, 4_095, 4_096, 4_097, 70_000, 3, 262_143, 262_144, 262_145, 3_000_000, 2];
    const sql = openSql(env);
    for (let round = 0; round < 3; round++) {
      const rows = await sql<{ at: number; text: string }[]>`
        select (o.at - 1)::integer as at, repeat(chr(96 + o.at::integer), o.length::integer) || '€' as text
        from json_array_elements_text(${JSON.stringify(lengths)}::text::json) with ordinality as o(length, at)`;
      expect(rows.map(({ at }) => at)).toEqual(lengths.map((_, at) => at));
      for (const { at, text } of rows)
        expect(text === `${String.fromCharCode(97 + at).repeat(lengths[at] ?? 0)}€`).toBe(true);
    }
    await sql.end();
  });

  it("takes statements longer than a read", async () => {
    const sql = openSql(env);
    const text = "x".repeat(1_000_000);
    const [row] = await sql<{ length: number }[]>`select length(${text}) as length`;
    expect(row?.length).toBe(1_000_000);
    await sql.end();
  });
});
