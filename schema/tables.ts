/**
 * The tables (design 10), of which drizzle-kit generates `migrations/`. STORAGE.md says what each column means.
 * Bodies are JSON in `text`: jsonb refuses `\u0000` and reorders members.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
} from "drizzle-orm/pg-core";

/** Text in the order of its UTF-8 bytes, whatever the database's own collation: lists are cut into pages by it. */
const key = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

export const objects = pgTable(
  "objects",
  {
    type: text().notNull(),
    namespace: key().notNull(),
    name: key().notNull(),
    uid: text().notNull(),
    revision: bigint({ mode: "number" }).notNull(),
    body: text().notNull(),
    sealed: text(),
    labels: jsonb().notNull(),
    fields: jsonb().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.type, table.namespace, table.name] }),
    uniqueIndex("objects_uid").on(table.uid),
    index("objects_fields").using("gin", table.fields.op("jsonb_path_ops")),
    index("objects_labels").using("gin", table.labels.op("jsonb_path_ops")),
    // Events go by age, and a revision has one.
    index("objects_events")
      .on(table.revision)
      .where(sql`${table.type} = 'events'`),
  ],
);

export const events = pgTable(
  "events",
  {
    revision: bigint({ mode: "number" }).primaryKey(),
    type: text().notNull(),
    namespace: key().notNull(),
    name: key().notNull(),
    uid: text().notNull(),
    kind: text({ enum: ["ADDED", "MODIFIED", "DELETED"] }).notNull(),
    body: text(),
    sealed: text(),
    labels: jsonb(),
    before: text(),
    beforeRevision: bigint("before_revision", { mode: "number" }),
    beforeSealed: text("before_sealed"),
    beforeLabels: jsonb("before_labels"),
    itemId: text("item_id").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index("events_item").on(table.itemId),
    index("events_key").on(table.type, table.namespace, table.name, table.revision),
    index("events_type").on(table.type, table.revision),
    check("events_kind", sql`${table.kind} in ('ADDED', 'MODIFIED', 'DELETED')`),
  ],
);

export const revision = pgTable(
  "revision",
  {
    id: smallint().primaryKey(),
    revision: bigint({ mode: "number" }).notNull(),
    compacted: bigint({ mode: "number" }).notNull(),
  },
  (table) => [check("revision_single", sql`${table.id} = 1`)],
);

export const work = pgTable(
  "work",
  {
    controller: text().notNull(),
    key: text().notNull(),
    runAt: timestamp("run_at", { withTimezone: true }).notNull(),
    seq: bigint({ mode: "number" }).notNull().default(1),
    attempts: integer().notNull().default(0),
    leaseToken: text("lease_token"),
    leaseUntil: timestamp("lease_until", { withTimezone: true }),
    lastError: text("last_error"),
  },
  (table) => [primaryKey({ columns: [table.controller, table.key] }), index("work_run_at").on(table.runAt)],
);

export const meta = pgTable("meta", {
  key: text().primaryKey(),
  value: text().notNull(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
});
