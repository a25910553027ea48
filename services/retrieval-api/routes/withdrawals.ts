import { Readable } from "node:stream";
import { z } from "zod";
import { callerOf, needs } from "#shared/caller.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import { isOperator, type Principal } from "#shared/principal.ts";
import type { Server } from "#shared/server.ts";
import type { ApiDeps } from "../api-deps.ts";
import { impactTotals, sumOf, type TenantTotals, USES } from "../recall/impact.ts";
import { impactCsv, impactPage } from "../recall/impact-listing.ts";
import { lift, listWithdrawals, withdraw, withdrawalOf } from "../recall/withdraw.ts";
import { KINDS, type Withdrawal, withdrawalView } from "../recall/withdrawal.ts";

const tags = ["recall"];
const params = z.object({ id: z.uuid() });
const reason = z.string().trim().min(3, "says why, in a few words").max(1000);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Taking back what answers are made of, and what that touches. */
export function mountWithdrawals(server: Server, { db, authenticate, now }: ApiDeps): void {
  const deps = { db, now, newId: () => crypto.randomUUID() };
  const change = needs(authenticate, "admin");
  const read = needs(authenticate, "audit");

  server.post(
    "/v1/withdrawals",
    {
      onRequest: change,
      schema: {
        tags,
        summary: "Withdraw something: no answer uses it from the next question on",
        body: z.strictObject({
          kind: z.enum(KINDS),
          target: z.string().trim().min(1).max(200),
          reason,
          scope: z.enum(["tenant", "installation"]).default("tenant"),
        }),
      },
    },
    async (request, reply) => {
      const principal = callerOf(request);
      const { kind, target, reason, scope } = request.body;
      const wanted = { kind, target, reason, everywhere: scope === "installation" };
      const { withdrawal, isNew } = await withdraw(deps, principal, wanted);
      const impact = await seenTotals(db, principal, withdrawal);
      return reply.code(isNew ? 201 : 200).send({ ...withdrawalView(withdrawal), impact: sumOf(impact) });
    },
  );

  server.get(
    "/v1/withdrawals",
    {
      onRequest: read,
      schema: {
        tags,
        summary: "Withdrawals, newest first",
        querystring: z.strictObject({
          active: flag.default(false),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
        }),
      },
    },
    async (request) => ({
      withdrawals: (await listWithdrawals(db, callerOf(request), request.query)).map(withdrawalView),
    }),
  );

  server.get(
    "/v1/withdrawals/:id",
    { onRequest: read, schema: { tags, summary: "One withdrawal", params } },
    (request) => withdrawalOf(db, callerOf(request), request.params.id).then(withdrawalView),
  );

  server.post(
    "/v1/withdrawals/:id/lift",
    {
      onRequest: change,
      schema: { tags, summary: "Put something back into use", params, body: z.strictObject({ reason }) },
    },
    async (request) => withdrawalView(await lift(deps, callerOf(request), request.params.id, request.body.reason)),
  );

  server.get(
    "/v1/withdrawals/:id/impact",
    {
      onRequest: read,
      schema: {
        tags,
        summary: "The answers that rest on what was withdrawn: totals, and a page of answers or conversations",
        params,
        querystring: z.strictObject({
          by: z.enum(["answer", "conversation"]).default("answer"),
          use: z.enum(USES).optional(),
          format: z.enum(["json", "csv"]).default("json"),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          cursor: z.string().max(200).optional(),
        }),
      },
    },
    async (request, reply) => {
      const principal = callerOf(request);
      const withdrawal = seenBy(principal, await withdrawalOf(db, principal, request.params.id));
      if (request.query.format === "csv") {
        return reply
          .type("text/csv; charset=utf-8")
          .header("content-disposition", `attachment; filename="impact-${withdrawal.id}.csv"`)
          .send(Readable.from(impactCsv(db, withdrawal, request.query)));
      }
      const tenants = await impactTotals(db, withdrawal);
      return {
        withdrawal: withdrawalView(withdrawal),
        totals: sumOf(tenants),
        by_tenant: tenants,
        ...(await impactPage(db, withdrawal, request.query)),
      };
    },
  );
}

/** What every tenant made of it is the operator's to see; others see their own part. */
const seenBy = (principal: Principal, withdrawal: Withdrawal): Withdrawal =>
  withdrawal.tenant === EVERY_TENANT && !isOperator(principal)
    ? { ...withdrawal, tenant: principal.tenant }
    : withdrawal;

const seenTotals = (db: ApiDeps["db"], principal: Principal, withdrawal: Withdrawal): Promise<TenantTotals[]> =>
  impactTotals(db, seenBy(principal, withdrawal));
