import { z } from "zod";
import { audit } from "#shared/audit.ts";
import { callerOf, needs } from "#shared/caller.ts";
import { AppError } from "#shared/errors.ts";
import { actingIn, createKey } from "#shared/identity.ts";
import { isOperator, type Principal, SCOPES, TENANT_NAME } from "#shared/principal.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/, "must be letters, digits and . _ @ - (at most 128)");
const tenantName = z.string().regex(TENANT_NAME, "must be letters, digits and . _ - (at most 128)");
const tags = ["keys"];

type KeyRow = {
  id: string;
  tenant: string;
  subject: string;
  groups: string;
  scopes: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
};

/** API keys of the caller's tenant; the operator may name another. */
export function mountKeys(server: Server, { db, authenticate, pepper, now }: ApiDeps): void {
  const onRequest = needs(authenticate, "admin");

  server.post(
    "/v1/keys",
    {
      onRequest,
      schema: {
        tags,
        summary: "Create an API key; it is shown once",
        body: z.strictObject({
          tenant: tenantName.optional(),
          subject: name,
          groups: z.array(name).max(100).default([]),
          scopes: z.array(z.enum(SCOPES)).min(1).default(["chat"]),
          expires_in_days: z.int().min(1).max(3650).optional(),
        }),
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const { subject, groups, scopes, expires_in_days } = request.body;
      const tenant = tenantOf(caller, request.body.tenant);
      const expiresAt = expires_in_days === undefined ? undefined : now() + expires_in_days * 86_400_000;
      const key = { tenant, subject, groups, scopes, expiresAt, madeBy: caller };
      const created = await createKey(db, pepper, key, now);
      return reply.code(201).send({ ...created, tenant, subject, groups, scopes, expires_at: time(expiresAt ?? null) });
    },
  );

  server.get(
    "/v1/keys",
    { onRequest, schema: { tags, summary: "Keys that you look after, without their secrets" } },
    async (request) => {
      const rows = await db.all<KeyRow>(
        `select * from api_key k where ${MINE} order by k.created_at, k.id`,
        mine(callerOf(request)),
      );
      return { keys: rows.map(view) };
    },
  );

  server.delete(
    "/v1/keys/:id",
    {
      onRequest,
      schema: { tags, summary: "Revoke a key, from the next request on", params: z.object({ id: z.string().max(64) }) },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      await db.transaction(async (sql) => {
        const found = [...mine(caller), request.params.id];
        const row = await sql.get<KeyRow>(`select * from api_key k where ${MINE} and k.id = $3`, found);
        if (!row) throw new AppError("not_found", "There is no such key of yours to manage.");
        if (row.revoked_at !== null) return;
        await sql.run("update api_key set revoked_at = $1 where id = $2", [now(), row.id]);
        await audit({ now, newId: () => crypto.randomUUID() }, sql, actingIn(row.tenant, caller), "key.revoke", row.id);
      });
      return reply.code(204).send();
    },
  );
}

/** The keys that a caller looks after: those of the tenant, for the operator all. */
const MINE = "(k.tenant = $1 or $2 = 1)";
const mine = (caller: Principal): [string, number] => [caller.tenant, isOperator(caller) ? 1 : 0];

function tenantOf(caller: Principal, named: string | undefined): string {
  if (named === undefined || named === caller.tenant || isOperator(caller)) return named ?? caller.tenant;
  throw new AppError("forbidden", "Only keys of your own tenant are yours to manage.", { param: "tenant" });
}

const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const view = (row: KeyRow): object => ({
  id: row.id,
  tenant: row.tenant,
  subject: row.subject,
  groups: JSON.parse(row.groups) as string[],
  scopes: JSON.parse(row.scopes) as string[],
  created_at: time(row.created_at),
  expires_at: time(row.expires_at),
  revoked_at: time(row.revoked_at),
});
