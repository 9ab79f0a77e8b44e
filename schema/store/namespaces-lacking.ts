/** Which namespaces lack what every namespace has: for those that are older than it, and when it changes. */
import type { Sql } from "postgres";
import { terminatingIndex } from "../resources/core/namespaces.ts";

export interface NamespaceDefaults {
  readonly serviceAccount: string;
  readonly configMap: string;
  /** JSON text that stands in the ConfigMap's stored body. Compared as text: what a user wrote there need not be readable. */
  readonly configMapHolds: string;
}

/** By name, at most `limit`, after the name `after`. Those that are being deleted lack nothing. */
export async function namespacesLacking(
  sql: Sql,
  { serviceAccount, configMap, configMapHolds }: NamespaceDefaults,
  limit: number,
  after = "",
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select n.name from objects n
    where n.type = 'namespaces' and n.namespace = '' and n.name > ${after}
      and not jsonb_exists(n.fields, ${terminatingIndex})
      and not (
        exists (
          select 1 from objects s
          where s.type = 'serviceaccounts' and s.namespace = n.name and s.name = ${serviceAccount})
        and exists (
          select 1 from objects c
          where c.type = 'configmaps' and c.namespace = n.name and c.name = ${configMap}
            and position(${configMapHolds} in c.body) > 0))
    order by n.name limit ${limit}`;
  return rows.map(({ name }) => name);
}
