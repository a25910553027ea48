import { afterEach, beforeEach, expect, test } from "vitest";
import { listDocuments } from "../../ingest/documents.ts";
import { computingMs } from "../helpers/computing-ms.ts";
import { openRig, person, type Rig } from "../helpers/ingest-rig.ts";

const DOCUMENTS = 20_000;
const OWN_EVERY = 1_000;
const carol = person("carol", ["chat"]);

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
  await rig.db.transaction(async (sql) => {
    for (let i = 0; i < DOCUMENTS; i++) {
      const acl = i % OWN_EVERY === 0 ? '["user:carol"]' : '["user:ann"]';
      await sql.run(
        `insert into document (id, tenant, collection, uri, title, acl, created_by, created_at, updated_at, latest_seq)
         values ($1, 'local', 'default', $1, 't', $2, 'ann', $3, $3, 1)`,
        [`d${i}`, acl, Math.floor(i / 3)],
      );
    }
  });
});
afterEach(() => rig.close());

test("a page of a few among very many documents is quick, may be short, and its cursor leads to the rest", async () => {
  const seen: string[] = [];
  let slowestMs = 0;
  let pages = 0;
  for (let cursor: string | undefined; ; pages++) {
    const before = computingMs();
    const page = await listDocuments(rig.db, carol, { limit: 50, cursor });
    slowestMs = Math.max(slowestMs, computingMs() - before);
    seen.push(...page.documents.map(({ id }) => id));
    if (page.next === undefined) break;
    cursor = page.next;
  }
  const own = Array.from({ length: DOCUMENTS / OWN_EVERY }, (_, i) => `d${i * OWN_EVERY}`);
  expect(seen).toEqual(own.reverse());
  expect(pages).toBeGreaterThan(5);
  expect(slowestMs).toBeLessThan(500);
});

test("full pages do not repeat or lose the document at their edge", async () => {
  const { documents, next } = await listDocuments(rig.db, carol, { limit: 1 });
  const second = await listDocuments(rig.db, carol, { limit: 1, cursor: next });
  expect([...documents, ...second.documents].map(({ id }) => id)).toEqual(["d19000", "d18000"]);
});
