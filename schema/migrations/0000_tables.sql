CREATE TABLE "events" (
	"revision" bigint PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"namespace" text NOT NULL,
	"name" text NOT NULL,
	"uid" text NOT NULL,
	"kind" text NOT NULL,
	"body" text,
	"sealed" text,
	"labels" jsonb,
	"before" text,
	"before_sealed" text,
	"before_labels" jsonb,
	"item_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "events_kind" CHECK ("events"."kind" in ('ADDED', 'MODIFIED', 'DELETED'))
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"type" text NOT NULL,
	"namespace" text NOT NULL,
	"name" text NOT NULL,
	"uid" text NOT NULL,
	"revision" bigint NOT NULL,
	"body" text NOT NULL,
	"sealed" text,
	"labels" jsonb NOT NULL,
	"fields" jsonb NOT NULL,
	CONSTRAINT "objects_type_namespace_name_pk" PRIMARY KEY("type","namespace","name")
);
--> statement-breakpoint
CREATE TABLE "revision" (
	"id" smallint PRIMARY KEY NOT NULL,
	"revision" bigint NOT NULL,
	"compacted" bigint NOT NULL,
	CONSTRAINT "revision_single" CHECK ("revision"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "work" (
	"controller" text NOT NULL,
	"key" text NOT NULL,
	"run_at" timestamp with time zone NOT NULL,
	"seq" bigint DEFAULT 1 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"lease_token" text,
	"lease_until" timestamp with time zone,
	"last_error" text,
	CONSTRAINT "work_controller_key_pk" PRIMARY KEY("controller","key")
);
--> statement-breakpoint
CREATE INDEX "events_item" ON "events" USING btree ("item_id");--> statement-breakpoint
CREATE INDEX "events_key" ON "events" USING btree ("type","namespace","name","revision");--> statement-breakpoint
CREATE UNIQUE INDEX "objects_uid" ON "objects" USING btree ("uid");--> statement-breakpoint
CREATE INDEX "objects_fields" ON "objects" USING gin ("fields" jsonb_path_ops);--> statement-breakpoint
CREATE INDEX "objects_labels" ON "objects" USING gin ("labels" jsonb_path_ops);--> statement-breakpoint
CREATE INDEX "work_run_at" ON "work" USING btree ("run_at");