import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database, Sql } from "#shared/database.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import type { Principal } from "#shared/principal.ts";
import { loadRelease } from "#shared/release.ts";
import { createMetrics } from "#shared/telemetry.ts";
import type { Citation } from "../../services/retrieval-api/answer/citations.ts";
import { type Draft, newDraft } from "../../services/retrieval-api/answer/draft.ts";
import { createSaveAnswer } from "../../services/retrieval-api/lineage/save-answer.ts";
import type { Candidate } from "../../services/retrieval-api/retrieval/retrieve.ts";
import { lineageDeps } from "./lineage-deps.ts";

export const RUNS = 7;
export const PARSERS = ["markdown/1", "html/1", "pdf/1"] as const;
export const MODELS = ["small", "large"] as const;
const VERSIONS = 400;

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const documentOf = (version: number): string => `d${version % (VERSIONS / 2)}`;
const pick = <T>(roll: () => number, from: readonly T[]): T => from[Math.floor(roll() * from.length)]!;

function candidateOf(version: number, start: number): Candidate {
  const [versionId, documentId] = [`v${version}`, documentOf(version)];
  const chunk = { id: `${versionId}:${start}`, documentId, versionId, title: "", headingPath: [], page: undefined };
  return {
    chunk: { ...chunk, start, end: start + 4, text: "Text" },
    score: 1,
    ranks: { lexical: 1 },
    document: {
      ...{ documentId, versionId, title: "Title", uri: `u/${documentId}`, collection: "default" },
      ...{ salt: "00".repeat(16), textCommitment: "c".repeat(64), current: true },
    },
  };
}

const citationOf = (marker: number, { chunk }: Candidate): Citation => ({
  marker,
  answer: { start: 0, end: 4 },
  verified: true,
  source: {
    ...{ document_id: chunk.documentId, version_id: chunk.versionId, title: "Title", uri: "u", heading_path: [] },
    ...{ start: chunk.start, end: chunk.end, quote: chunk.text },
  },
});

/** Versions and runs of made-up documents, for what is withdrawn by what made it. */
export async function makeVersions(sql: Sql, tenant: string): Promise<void> {
  for (let version = 0; version < VERSIONS; version++) {
    await sql.run(
      `insert into document_version (id, document_id, tenant, seq, title, digest, salt, bytes, media_type, file_name, created_at, parser, run_id)
       values ($1, $2, $3, $4, '', '', '', 0, '', '', 0, $5, $6)`,
      [`v${version}`, documentOf(version), tenant, version, PARSERS[version % PARSERS.length]!, `r${version % RUNS}`],
    );
  }
}

/** Many answers through the real way of saving, in one transaction: what an answer rests on is drawn by lot. */
export async function makeAnswers(
  db: Database,
  count: number,
  tenants: readonly string[],
  seed = 1,
  given?: KeyRing,
): Promise<void> {
  const roll = seeded(seed);
  const release = await loadRelease("releases/default");
  const metrics = createMetrics();
  const folder = mkdtempSync(join(tmpdir(), "cairn-made-"));
  const { ring: own, parts } = await lineageDeps(folder, () => 0);
  const ring = given ?? own;
  rmSync(folder, { recursive: true });
  await db.transaction(async (sql) => {
    const inside = { ...db, transaction: <T>(work: (inner: Sql) => Promise<T>) => work(sql) };
    for (let i = 0; i < count; i++) {
      const now = () => 1_000_000 + Math.floor(i / 3);
      const save = createSaveAnswer({ db: inside, making: { release, parts }, ring, metrics, now });
      const { draft, cited } = draftOf(i, tenants[i % tenants.length]!, roll);
      const citations = cited.map((marker) => citationOf(marker, draft.evidence[marker - 1]!));
      await save(draft, draft.evidence.length > 0 ? "answered" : "no_evidence", citations);
    }
  });
}

function draftOf(i: number, tenant: string, roll: () => number): { draft: Draft; cited: number[] } {
  const principal: Principal = { tenant, subject: `s${i % 50}`, groups: [], scopes: ["chat"] };
  const id = `00000000-0000-7000-8000-${String(i).padStart(12, "0")}`;
  const asked = {
    ...{ id, principal, question: `Question ${i}?`, history: [], conversationId: `${tenant}-c${i % 997}` },
    ...{ collections: undefined, evidenceLimit: 6, sampling: {}, streaming: false },
  };
  const draft = newDraft(asked, 1);
  const found = new Map<string, Candidate>();
  for (let n = Math.floor(roll() * 8); n > 0; n--) {
    const one = candidateOf(Math.floor(roll() * VERSIONS), Math.floor(roll() * 3) * 10);
    found.set(one.chunk.id, one);
  }
  const candidates = [...found.values()];
  draft.retrieved = { generation: "g", candidates, readings: [], proposed: candidates.length, rejected: 0 };
  draft.evidence = candidates.slice(0, Math.floor(roll() * 4));
  draft.sent = "Text";
  if (draft.evidence.length > 0) {
    const served = { upstream: "u", attempts: 1, digest: undefined, assurance: "declared", cached: false } as const;
    draft.model = { ...served, model: pick(roll, MODELS) };
  }
  const cited = draft.evidence.flatMap((_, at) => (roll() < 0.5 ? [at + 1] : []));
  return { draft, cited };
}
