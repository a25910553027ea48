import type { Sql } from "./database.ts";
import type { Principal } from "./principal.ts";

/** Who did what to which thing, in the transaction that does it. */
export async function audit(
  { now, newId }: { readonly now: () => number; readonly newId: () => string },
  sql: Sql,
  { tenant, subject }: Pick<Principal, "tenant" | "subject">,
  action: string,
  target: string,
): Promise<void> {
  await sql.run("insert into audit (id, tenant, subject, action, target, at) values ($1, $2, $3, $4, $5, $6)", [
    newId(),
    tenant,
    subject,
    action,
    target,
    now(),
  ]);
}
