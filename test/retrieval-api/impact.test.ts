import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import { loadRelease } from "#shared/release.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import {
  affectedAnswers,
  affectedConversations,
  impactTotals,
  sumOf,
  USES,
  type Use,
} from "../../services/retrieval-api/recall/impact.ts";
import { impactCsv } from "../../services/retrieval-api/recall/impact-listing.ts";
import type { Kind, Withdrawal } from "../../services/retrieval-api/recall/withdrawal.ts";
import { migrate } from "../../services/shared/migrations.ts";
import { makeAnswers, makeVersions, PARSERS, RUNS } from "../helpers/made-answers.ts";
import { type Scanned, scanRecords, usesIn } from "../helpers/scan-records.ts";

const ANSWERS = 10_000;
const folder = mkdtempSync(join(tmpdir(), "cairn-impact-"));
let db: Database;
let scanned: readonly Scanned[];
beforeAll(async () => {
  db = openSqliteDatabase(join(folder, "state.db"));
  await migrate(db);
  await db.transaction((sql) => makeVersions(sql, "acme"));
  await makeAnswers(db, ANSWERS, ["acme", "zeta"]);
  scanned = await scanRecords(db);
}, 300_000);
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

const withdrawalOf = (kind: Kind, target: string, tenant = "acme"): Withdrawal => ({
  ...{ id: crypto.randomUUID(), tenant, kind, target, reason: "r", created_by: "s", at: 1 },
  ...{ lifted_at: null, lifted_by: null, lift_reason: null },
});

/** What every record, read one after the other, says. */
function bruteForce({ kind, target, tenant }: Withdrawal): Map<string, Use> {
  const found = new Map<string, Use>();
  for (const one of scanned) {
    if (tenant !== EVERY_TENANT && one.tenant !== tenant) continue;
    const uses = usesIn(one, kind, target);
    const strongest = USES.find((use) => uses.has(use));
    if (strongest) found.set(one.id, strongest);
  }
  return found;
}

const release = await loadRelease("releases/default");
const CASES: [Kind, string][] = [
  ...[0, 7, 133, 399].map((n): [Kind, string] => ["document_version", `v${n}`]),
  ...[0, 42, 199].map((n): [Kind, string] => ["document", `d${n}`]),
  ["model", "small"],
  ["prompt", release.promptDigest],
  ["release", release.digest],
  ["ingest_run", `r${RUNS - 1}`],
  ["parser", PARSERS[2]],
  ["document", "d-unknown"],
];

test.for(CASES)("the impact of a withdrawn %s (%s) is what a scan over all records finds", async ([kind, target]) => {
  const withdrawal = withdrawalOf(kind, target);
  const expected = bruteForce(withdrawal);
  const found: [string, Use][] = [];
  for (let after: { at: number; id: string } | undefined; ; ) {
    const page = await affectedAnswers(db, withdrawal, { after, limit: 777 });
    found.push(...page.map(({ answer_id, use }): [string, Use] => [answer_id, use]));
    const last = page.at(-1);
    if (!last || page.length < 777) break;
    after = { at: last.at, id: last.answer_id };
  }
  expect(found).toHaveLength(expected.size);
  expect(new Map(found)).toEqual(expected);

  const totals = await impactTotals(db, withdrawal);
  const byUse: Record<string, number> = {};
  for (const use of expected.values()) byUse[use] = (byUse[use] ?? 0) + 1;
  expect(sumOf(totals)).toMatchObject({ answers: expected.size, by_use: byUse });
  const owners = scanned.filter(({ id }) => expected.has(id));
  const conversations = new Set(owners.map(({ conversation }) => conversation));
  expect(sumOf(totals).conversations).toBe(conversations.size);
  const listed = await affectedConversations(db, withdrawal, { limit: 5000 });
  expect(new Set(listed.map(({ conversation_id }) => conversation_id))).toEqual(conversations);
  expect(listed.reduce((sum, { answers }) => sum + answers, 0)).toBe(expected.size);
});

test("the operator's withdrawal counts every tenant, and a use narrows the listing", async () => {
  const withdrawal = withdrawalOf("model", "large", EVERY_TENANT);
  const totals = await impactTotals(db, withdrawal);
  expect(totals.map(({ tenant }) => tenant)).toEqual(["acme", "zeta"]);
  expect(sumOf(totals).answers).toBe(bruteForce(withdrawal).size);
  const document = withdrawalOf("document", "d42");
  const cited = await affectedAnswers(db, document, { use: "cited", limit: 5000 });
  const expected = [...bruteForce(document)].filter(([, use]) => use === "cited").map(([id]) => id);
  expect(cited.map(({ answer_id }) => answer_id).sort()).toEqual(expected.sort());
});

test("the CSV holds every affected answer once, under a head line", async () => {
  const withdrawal = withdrawalOf("release", release.digest);
  const lines = (await Array.fromAsync(impactCsv(db, withdrawal, { by: "answer" }))).join("").split("\r\n");
  expect(lines[0]).toBe("answer_id,tenant,use,conversation_id,subject,outcome,created_at");
  expect(lines.at(-1)).toBe("");
  const ids = lines.slice(1, -1).map((line) => line.split(",")[0]);
  expect(new Set(ids).size).toBe(ANSWERS / 2);
  expect(ids).toHaveLength(ANSWERS / 2);
});
