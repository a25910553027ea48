import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "#shared/migrations.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { affectedAnswers, impactTotals, sumOf } from "../services/retrieval-api/recall/impact.ts";
import type { Kind, Withdrawal } from "../services/retrieval-api/recall/withdrawal.ts";
import { makeAnswers, makeVersions } from "../test/helpers/made-answers.ts";

const ANSWERS = 10_000;
const REPEATS = 9;

/** How long the impact of a withdrawal takes beside a scan over all records, on 10,000 answers of one tenant. */
export async function recall(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const db = openSqliteDatabase(join(folder, "state.db"));
  try {
    await migrate(db);
    await db.transaction((sql) => makeVersions(sql, "acme"));
    await makeAnswers(db, ANSWERS, ["acme"]);
    const release = await db.get<{ dep_id: string }>(
      "select dep_id from answer_dep where dep_kind = 'release' limit 1",
    );
    const targets: [Kind, string][] = [
      ["document_version", "v7"],
      ["document", "d42"],
      ["model", "small"],
      ["parser", "pdf/1"],
      ["release", release!.dep_id],
    ];
    for (const [kind, target] of targets) {
      const withdrawal: Withdrawal = {
        ...{ id: "w", tenant: "acme", kind, target, reason: "r", created_by: "s", at: 1 },
        ...{ lifted_at: null, lifted_by: null, lift_reason: null },
      };
      const { answers } = sumOf(await impactTotals(db, withdrawal));
      const totals = await medianMs(() => impactTotals(db, withdrawal));
      const page = await medianMs(() => affectedAnswers(db, withdrawal, { limit: 100 }));
      process.stdout.write(
        `${kind.padEnd(17)} ${String(answers).padStart(6)} answers  totals ${totals} ms  first page ${page} ms\n`,
      );
    }
    const scan = await medianMs(async () => {
      const rows = await db.all<{ record: string }>("select record from lineage_record");
      for (const { record } of rows) JSON.parse(record);
    });
    process.stdout.write(`a scan over all records takes ${scan} ms\n`);
  } finally {
    await db.close();
    rmSync(folder, { recursive: true });
  }
}

async function medianMs(work: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)]!.toFixed(1);
}
