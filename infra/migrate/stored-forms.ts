/** Which forms of objects a database may hold (`migrations` of a type's declaration): a newer Drover's are not touched. */
import { typeKey } from "../../schema/resource.ts";
import type { ResourceDefinition } from "../../schema/resource.ts";
import { registry } from "../../schema/resources/registry.ts";
import { storedForm } from "../../schema/store/stored-form.ts";
import type { Database } from "../postgres/client.ts";
import { UserError } from "../user-error.ts";

const KEY = "stored-forms";

/**
 * Notes, before anything is written in them, the forms that this version writes; forms of 1 need no note. Throws
 * `UserError` when a newer version has written one that is not known here; nothing is altered then.
 */
export async function noteStoredForms(
  database: Database,
  types: readonly ResourceDefinition[] = registry.all(),
): Promise<void> {
  const [row] = await database<{ value: string }[]>`select value from meta where key = ${KEY}`;
  const noted = JSON.parse(row?.value ?? "{}") as Record<string, number>;
  const own = new Map(types.map((type) => [typeKey(type), storedForm(type)]));
  for (const [type, form] of Object.entries(noted))
    if (form > (own.get(type) ?? 1))
      throw new UserError(
        `the database belongs to a newer version of Drover (it stores ${type} in form ${form}; known here: ${own.get(type) ?? "none"})`,
      );
  const news = [...own].filter(([type, form]) => form > (noted[type] ?? 1));
  if (news.length === 0) return;
  const value = JSON.stringify({ ...noted, ...Object.fromEntries(news) });
  await database`
    insert into meta (key, value) values (${KEY}, ${value})
    on conflict (key) do update set value = excluded.value, updated_at = now()`;
}
