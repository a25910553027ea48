import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "#shared/log.ts";
import { openState, type State } from "#shared/open-state.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { takeInFolder } from "../ingest/api/app.ts";
import { startWorker } from "../ingest/worker/app.ts";

const FILES = 600;
const SECTIONS = 14;
const WORDS = 60_000;

/**
 * Markdown files end to end: accepted, parsed in child processes, cut, written to the index and made visible. With
 * `DATABASE_URL` and `QDRANT_URL` into those, else into SQLite. Compare only figures of one machine and one run.
 * On a Qdrant server it leaves a collection whose name begins with `bench-`.
 */
export async function ingest(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const workers = Number(args[0] ?? 1);
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-ingest-"));
  const settings = readStateSettings({
    ...environment,
    CAIRN_DATA: join(folder, "data"),
    QDRANT_COLLECTION: `bench-${Date.now()}`,
  });
  const state = await openState(settings, silentLog);
  try {
    writeCorpus(join(folder, "corpus"));
    const owner = { tenant: `bench-${Date.now()}`, subject: "bench" };
    const accepted = performance.now();
    await takeInFolder({ ...state, wake: () => {} }, owner, join(folder, "corpus"));
    const started = performance.now();
    const running = Array.from({ length: workers }, () =>
      startWorker({ ...state, log: silentLog, metrics: createMetrics() }),
    );
    await Promise.all(running.map((worker) => worker.idle()));
    const seconds = (performance.now() - started) / 1000;
    await Promise.all(running.map((worker) => worker.stop()));
    const chunks = await passagesOf(state, owner.tenant);
    const stores = `${settings.DATABASE_URL ? "PostgreSQL" : "SQLite"} and ${settings.QDRANT_URL ? "Qdrant" : "SQLite"}`;
    console.log(`${FILES} Markdown files, ${chunks} chunks, ${workers} worker(s), into ${stores}`);
    console.log(
      `accepted in ${((started - accepted) / 1000).toFixed(1)} s; ingested at ${Math.round(chunks / seconds)} chunks/s`,
    );
  } finally {
    await state.close();
    rmSync(folder, { recursive: true });
  }
}

async function passagesOf({ db }: State, tenant: string): Promise<number> {
  const row = await db.get<{ chunks: number }>(
    "select sum(passages) as chunks from document_version where tenant = $1 and ready_at is not null",
    [tenant],
  );
  return Number(row?.chunks ?? 0);
}

/** Sections of two paragraphs with words of a long-tailed vocabulary, the same on every run. */
function writeCorpus(folder: string): void {
  mkdirSync(folder);
  let seed = 1;
  const roll = (): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const word = (): string => `w${Math.floor(WORDS ** roll()).toString(36)}x`;
  const paragraph = (): string => Array.from({ length: 70 }, word).join(" ");
  for (let file = 0; file < FILES; file++) {
    const sections = Array.from(
      { length: SECTIONS },
      () => `## ${word()} ${word()}\n\n${paragraph()}.\n\n${paragraph()}.`,
    );
    writeFileSync(join(folder, `${file}.md`), `# Document ${file}\n\n${sections.join("\n\n")}\n`);
  }
}
