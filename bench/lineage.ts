import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, sha256 } from "#shared/digest.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import type { AnswerStatement } from "#shared/lineage/answer-statement.ts";
import { type KeyRing, openKeyRing } from "#shared/lineage/key-ring.ts";
import { publishKeys } from "#shared/lineage/published-keys.ts";
import { sequence } from "#shared/lineage/sequence.ts";
import { projectTag } from "#shared/lineage/tag.ts";
import { verifyBundle } from "#shared/lineage/verify-bundle.ts";
import { migrate } from "#shared/migrations.ts";
import { openSqliteDatabase } from "#shared/sqlite-database.ts";
import { loadBundle } from "../services/retrieval-api/lineage/load-bundle.ts";
import { makeAnswers, makeVersions } from "../test/helpers/made-answers.ts";

const RECORDS = 1000;
const TENANT = "local";
const MAX_SIGNING_MS = 0.5;
const MAX_VERIFYING_MS = 2000;

/** What signing adds to an answer, and what sequencing and verifying 1,000 records take, in milliseconds of CPU time. */
export async function lineage(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-"));
  const db = openSqliteDatabase(join(folder, "state.db"));
  try {
    await migrate(db);
    // The answers are made at a time of long ago, so the keys are from before that.
    const ring = await openKeyRing(join(folder, "signing-keys.json"), () => 0);
    await publishKeys(db, ring.published());
    await db.transaction((sql) => makeVersions(sql, TENANT));
    await makeAnswers(db, RECORDS, [TENANT], 1, ring);
    const rows = await db.all<{ answer_id: string; record: string; at: number }>(
      "select answer_id, record, at from lineage_record order by answer_id",
    );
    const bytes = rows.reduce((sum, { record }) => sum + record.length, 0) / rows.length;
    print("records", `${rows.length} of ${Math.round(bytes)} bytes on average`);
    const signing = (await signingMs(ring, rows)) / rows.length;
    print(
      "signing an answer adds",
      `${signing.toFixed(3)} ms`,
      signing <= MAX_SIGNING_MS,
      `at most ${MAX_SIGNING_MS} ms`,
    );
    const begun = cpuMs();
    while ((await sequence(db, ring, TENANT, Date.now)) > 0);
    print("giving all of them their place in the log", `${Math.round(cpuMs() - begun)} ms`);
    const files: string[] = [];
    for (const { answer_id } of rows) files.push(JSON.stringify(await loadBundle(db, LOCAL_ADMIN, answer_id)));
    const started = cpuMs();
    const good = files.filter((file) => verifyBundle(file).ok).length;
    const ms = cpuMs() - started;
    const reached = ms < MAX_VERIFYING_MS && good === RECORDS;
    print(
      `verifying ${good} of ${RECORDS}`,
      `${Math.round(ms)} ms`,
      reached,
      `all of them, below ${MAX_VERIFYING_MS} ms`,
    );
  } finally {
    await db.close();
    rmSync(folder, { recursive: true });
  }
}

/** Everything that signing brings to an answer: canonical bytes, their digest, the signature and the tag with its key. */
async function signingMs(ring: KeyRing, rows: readonly { record: string; at: number }[]): Promise<number> {
  const statements = rows.map(({ record }) => JSON.parse(record) as AnswerStatement);
  const begun = cpuMs();
  for (const [i, statement] of statements.entries()) {
    const record = canonicalJson(statement);
    const { signatures } = ring.seal(record, Number(rows[i]!.at));
    projectTag(statement, sha256(record), signatures[0]!.keyid);
  }
  return cpuMs() - begun;
}

/** Of this process, so that what else runs on the machine does not count. Nothing that is measured so waits for anybody. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function print(what: string, figure: string, reached?: boolean, target?: string): void {
  const verdict = reached === undefined ? "" : `  ${reached ? "reached" : "MISSED"} (${target})`;
  process.stdout.write(`${what.padEnd(44)} ${figure}${verdict}\n`);
}
