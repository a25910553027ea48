import { expect, test } from "vitest";
import { openLocal } from "../helpers/local.ts";
import { seeded } from "../helpers/made-answers.ts";

const DOCUMENTS = 6;
const ERASED = 3;
const ASKERS = 4;
const QUESTIONS = 12;

/** A withdrawal that was acknowledged, and when somebody first wanted it back. */
type Gap = { readonly document: string; readonly from: number; until: number };
type Asked = { readonly begun: number; readonly ended: number; readonly documents: readonly string[] };

test("while people ask, withdraw and erase at once, nothing withdrawn or erased before a question is in its evidence", async () => {
  const app = await openLocal();
  const ids: string[] = [];
  for (let i = 0; i < DOCUMENTS + ERASED; i++) {
    const { document } = await app.upload({
      text: `# Vault ${i}\n\nThe code of the vault ${i} is 471${i}.`,
      uri: `v${i}`,
    });
    ids.push(document.id);
  }
  const gaps: Gap[] = [];
  const asked: Asked[] = [];
  let asking = true;
  const recaller = async (seed: number): Promise<void> => {
    const roll = seeded(seed);
    while (asking) {
      const document = ids[Math.floor(roll() * DOCUMENTS)]!;
      const body = { kind: "document", target: document, reason: "A drill." };
      const { id } = (await (await app.send("/v1/withdrawals", body)).json()) as { id: string };
      const gap = { document, from: performance.now(), until: Number.POSITIVE_INFINITY };
      gaps.push(gap);
      await new Promise((resolve) => setTimeout(resolve, 100 + roll() * 300));
      gap.until = performance.now();
      await app.send(`/v1/withdrawals/${id}/lift`, { reason: "The drill is over." });
    }
  };
  const asker = async (questions: number): Promise<void> => {
    for (let i = 0; i < questions; i++) {
      const begun = performance.now();
      const { lineage } = await app.ask("What is the code of the vault?");
      const ended = performance.now();
      const rows = await app.db.all<{ dep_id: string }>(
        "select dep_id from answer_dep where answer_id = $1 and dep_kind = 'document'",
        [lineage.id],
      );
      asked.push({ begun, ended, documents: rows.map(({ dep_id }) => dep_id) });
    }
  };
  const eraser = async (): Promise<void> => {
    for (const document of ids.slice(DOCUMENTS)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const erased = await app.send("/v1/erasures", { document, reason: "A drill." });
      expect(erased.status).toBe(202);
      gaps.push({ document, from: performance.now(), until: Number.POSITIVE_INFINITY });
    }
  };
  await asker(1);
  const erasing = eraser();
  // One recaller: two would lift each other's withdrawals.
  const recalling = recaller(7);
  await Promise.all(Array.from({ length: ASKERS }, () => asker(QUESTIONS)));
  asking = false;
  await recalling;
  await erasing;

  for (const { begun, ended, documents } of asked) {
    const gone = gaps.filter(({ from, until }) => from < begun && until > ended).map(({ document }) => document);
    expect(documents.filter((id) => gone.includes(id))).toEqual([]);
  }
  const met = asked.filter(({ begun, ended }) => gaps.some(({ from, until }) => from < begun && until > ended));
  expect(met.length).toBeGreaterThan(0);
  const lent = asked.flatMap(({ documents }) => documents);
  expect(new Set(lent).size).toBe(DOCUMENTS + ERASED);
  await app.close();
});
