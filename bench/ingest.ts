import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLog } from "#shared/log.ts";
import { openState, type State } from "#shared/open-state.ts";
import { createQueue } from "#shared/queue.ts";
import { readStateSettings } from "#shared/state-settings.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { takeInFolder } from "../ingest/api/app.ts";
import { startWorker } from "../ingest/worker/app.ts";

const FILES = 600;
const SECTIONS = 14;
const WORDS = 60_000;
/** Of the workers' metrics. */
const FIRST_PORT = 19_090;

/**
 * Markdown files end to end: accepted, parsed in child processes, cut, written to the index and made visible. One worker
 * works in this process, several in processes of their own. With `DATABASE_URL` and `QDRANT_URL` into those, else into
 * SQLite. Compare only figures of one machine and one run. On a Qdrant server it leaves a collection whose name begins
 * with `bench-`.
 */
export async function ingest(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  const workers = Number(args[0] ?? 1);
  const folder = mkdtempSync(join(tmpdir(), "cairn-bench-ingest-"));
  const own = { CAIRN_DATA: join(folder, "data"), QDRANT_COLLECTION: `bench-${Date.now()}` };
  const settings = readStateSettings({ ...environment, ...own });
  const state = await openState(settings, silentLog);
  try {
    writeCorpus(join(folder, "corpus"));
    const owner = { tenant: `bench-${Date.now()}`, subject: "bench" };
    const accepted = performance.now();
    await takeInFolder({ ...state, wake: () => {} }, owner, join(folder, "corpus"));
    const started = performance.now();
    if (workers === 1) await workHere(state);
    else await workInProcesses(state, workers, { ...environment, ...own });
    const { chunks, seconds } = await outcomeOf(state, owner.tenant);
    const stores = `${settings.DATABASE_URL ? "PostgreSQL" : "SQLite"} and ${settings.QDRANT_URL ? "Qdrant" : "SQLite"}`;
    console.log(`${FILES} Markdown files of ${SECTIONS} chunks, ${workers} worker(s), into ${stores}`);
    console.log(
      `accepted in ${((started - accepted) / 1000).toFixed(1)} s; ingested at ${Math.round(chunks / seconds)} chunks/s`,
    );
  } finally {
    await state.close();
    rmSync(folder, { recursive: true });
  }
}

async function workHere(state: State): Promise<void> {
  const worker = startWorker({ ...state, log: silentLog, metrics: createMetrics() });
  await worker.idle();
  await worker.stop();
}

async function workInProcesses({ db }: State, count: number, env: NodeJS.ProcessEnv): Promise<void> {
  const children = Array.from({ length: count }, (_, i) =>
    spawn(process.execPath, ["ingest/worker/main.ts"], {
      env: { ...env, CAIRN_METRICS_PORT: String(FIRST_PORT + i) },
      stdio: "ignore",
    }),
  );
  try {
    while ((await createQueue(db).left()) > 0) await sleep(200);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

/** From the end of the first batch on, so that the start of processes is not counted. */
async function outcomeOf({ db }: State, tenant: string): Promise<{ chunks: number; seconds: number }> {
  const rows = await db.all<{ at: number; chunks: number }>(
    `select ready_at as at, sum(passages) as chunks from document_version where tenant = $1 and ready_at is not null
     group by ready_at order by ready_at`,
    [tenant],
  );
  const counted = rows.slice(1);
  const chunks = counted.reduce((sum, row) => sum + Number(row.chunks), 0);
  return { chunks, seconds: (Number(rows.at(-1)!.at) - Number(rows[0]!.at)) / 1000 };
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
