import { afterEach, beforeEach, expect, test } from "vitest";
import type { Embed } from "#shared/gateway-embed.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { embedChunks } from "../../ingest/embed/embed-chunks.ts";
import { manifestWith } from "../../ingest/embed/manifest-with.ts";
import { unlessWithdrawn } from "../../ingest/embed/unless-withdrawn.ts";
import { compareGenerations } from "../../ingest/reindex/compare-generations.ts";
import { lift, withdraw } from "../../services/retrieval-api/recall/withdraw.ts";
import { chunk, open } from "../contract/search-index-fixtures.ts";
import { CONCEPT_EMBEDDER as by, embedConcepts as embed } from "../helpers/concept-embedder.ts";
import { openTestStores, type TestStores } from "../helpers/test-stores.ts";

const never = new AbortController().signal;

let stores: TestStores;
let db: TestStores["db"];
let index: TestStores["index"];
beforeEach(async () => {
  stores = await openTestStores();
  ({ db, index } = stores);
});
afterEach(() => stores.close());

async function recordQuestion(id: string, standalone: string, cited: string): Promise<void> {
  await db.run(
    `insert into answer (id, tenant, subject, conversation_id, question, standalone, content, outcome, citations, tag, salts, created_at)
     values ($1, 'acme', 'ann', null, $2, $2, '', 'answered', '[]', '{}', '{}', 0)`,
    [id, standalone],
  );
  await db.run(
    `insert into answer_dep (answer_id, tenant, dep_kind, dep_id, dep_digest, use, at)
     values ($1, 'acme', 'document', $2, null, 'cited', 0)`,
    [id, cited],
  );
}

test("a new generation is compared by its vectors, too, where the embedder of today made them", async () => {
  await index.createGeneration("dense", manifestWith({ embedder: by.embedder, dimensions: "6" }));
  await index.write(open, "v1", [chunk("v1", 0, "The swallows are on their way south")]);
  await index.write(open, "v2", [chunk("v2", 0, "The dough rests for an hour")]);
  await embedChunks(index, embed, never);
  // Its words are nowhere; its meaning is.
  await recordQuestion("a1", "Which feather is it?", "doc-v1");
  await recordQuestion("a2", "How long does the dough rest?", "doc-v2");
  const words = await compareGenerations(db, index, "dense");
  expect(words).toEqual({ questions: 2, overlap: 1, ndcg_before: 0.5, ndcg_after: 0.5 });
  const both = await compareGenerations(db, index, "dense", embed);
  expect(both).toMatchObject({ questions: 2, by_vectors: 2, ndcg_before: 0.5, ndcg_after: 1 });
  const away: Embed = () => Promise.reject(new Error("away"));
  expect(await compareGenerations(db, index, "dense", away)).toEqual(words);
  const another: Embed = async (...asked) => {
    const made = await embed(...asked);
    return { ...made, vectors: made.vectors.map(({ values }) => ({ embedder: "another", values })) };
  };
  expect(await compareGenerations(db, index, "dense", another)).toEqual(words);
});

test("a model that is withdrawn for every tenant gives passages no vectors until that is lifted", async () => {
  const recall = { db, now: Date.now, newId: () => crypto.randomUUID() };
  const guarded = unlessWithdrawn(embed, db);
  const own = { kind: "model", target: "concepts", reason: "for one tenant", everywhere: false } as const;
  await withdraw(recall, LOCAL_ADMIN, own);
  expect((await guarded("passage", ["bird"], never)).by).toBe(by);
  const { withdrawal } = await withdraw(recall, LOCAL_ADMIN, { ...own, everywhere: true });
  await expect(guarded("passage", ["bird"], never)).rejects.toMatchObject({
    code: "unavailable",
    retryable: true,
    message: "The embedding model concepts has been withdrawn.",
  });
  await lift(recall, LOCAL_ADMIN, withdrawal.id, "again");
  expect((await guarded("passage", ["bird"], never)).by).toBe(by);
});
