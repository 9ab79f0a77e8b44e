import { describe, expect, it } from "vitest";
import { judge } from "./statement-rules.ts";

describe("judge", () => {
  it.each([
    ["listen jobs", "LISTEN"],
    ["  -- why\n /* a /* nested */ one */ UNLISTEN *", "UNLISTEN"],
    ["NOTIFY jobs, 'x'", "NOTIFY"],
    ["select 1; prepare p as select 1", "PREPARE"],
    ["deallocate all", "DEALLOCATE"],
    ["discard all", "DISCARD"],
    ["copy t from stdin", "COPY"],
    ["select pg_advisory_lock(1)", "pg_advisory_lock"],
    ["select pg_catalog.pg_try_advisory_xact_lock(1, 2)", "pg_try_advisory_xact_lock"],
    ["select PG_NOTIFY('a', 'b')", "pg_notify"],
    ["declare c cursor with hold for select 1", "DECLARE … WITH HOLD"],
  ])("never allows %s", (sql, name) => {
    expect(judge(sql).refused).toBe(name);
  });

  it.each([
    ["set search_path = x", "SET SEARCH_PATH"],
    ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET SESSION"],
    ["reset all", "RESET ALL"],
    ["create temp table t (a int)", "CREATE TEMP"],
    ["create local temporary view v as select 1", "CREATE LOCAL"],
    ["begin; commit; set x = 1", "SET X"],
  ])("allows %s inside a transaction only", (sql, name) => {
    expect(judge(sql)).toMatchObject({ session: { name, covered: false } });
  });

  it("sees the transaction that a text opens itself", () => {
    expect(judge("begin; set x = 1; commit").session?.covered).toBe(true);
    expect(judge("start transaction isolation level serializable").begins).toBe(true);
    expect(judge("begin; savepoint a; rollback to a; set x = 1").session?.covered).toBe(true);
    expect(judge("begin; rollback").begins).toBe(false);
  });

  it.each([
    "set local statement_timeout = 1",
    "set transaction isolation level serializable",
    "set constraints all deferred",
    "select 'listen', \"notify\", e'it\\'s; listen', $$ listen $$, $a$ ; notify $$ $a$ from t -- ; listen",
    "update settings set value = 1 where name = 'x'; select 'it''s; listen x'",
    "insert into t values ($1, $2)",
    "declare c cursor for select 1",
    "create table temp_things (a int)",
    "select pg_advisory_lock_count from t",
    "",
    ";;",
    "'unterminated",
    "/* unterminated",
  ])("allows %s", (sql) => {
    expect(judge(sql)).toEqual({ begins: false });
  });
});
