import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#shared/database.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { silentLog } from "#shared/log.ts";
import { migrate } from "#shared/migrations.ts";
import { openPostgresDatabase } from "#shared/postgres-database.ts";
import { replicaReads } from "#shared/replica-reads.ts";
import { acceptDocument } from "../../ingest/accept.ts";
import { deleteDocument, listDocuments, patchDocument } from "../../ingest/documents.ts";
import {
  appendTurn,
  deleteConversation,
  listConversations,
} from "../../services/retrieval-api/conversations/conversations.ts";
import { person } from "../helpers/ingest-rig.ts";
import { postgresPrograms, startPostgres } from "../helpers/postgres-server.ts";

const PROGRAMS = postgresPrograms();
const bob = person("bob", ["chat", "ingest"]);
let servers: Awaited<ReturnType<typeof startPostgres>>[];
let db: Database;
let copy: Database;
let replica: ReturnType<typeof replicaReads>;
let ids = 0;
const store = () => ({
  db,
  blobs: {
    put: async () => {},
    get: async () => new Uint8Array(),
    remove: async () => {},
    keys: async function* () {},
  },
  index: { refile: async () => {} },
  now: Date.now,
  newId: () => `00000000-0000-4000-8000-${String(ids++).padStart(12, "0")}`,
});

beforeAll(async () => {
  if (PROGRAMS === undefined) return;
  const primary = await startPostgres(PROGRAMS);
  db = openPostgresDatabase(primary.url);
  await migrate(db);
  servers = [primary, await startPostgres(PROGRAMS, primary.url)];
  copy = openPostgresDatabase(servers[1]!.url);
  replica = replicaReads(copy, db, silentLog, () => 0);
}, 120_000);
afterAll(async () => {
  for (const one of [db, copy]) await one?.close();
  for (const server of servers ?? []) await server.stop();
});

const accept = async (name: string) =>
  (
    await acceptDocument(store(), {
      ...{
        tenant: "local",
        subject: "ann",
        collection: "default",
        uri: `note:${name.split(" ")[1]}`,
        fileName: `${name}.md`,
      },
      ...{ mediaType: "text/markdown", bytes: new TextEncoder().encode(name), priority: 1 },
    })
  ).documentId;
const found = async () =>
  (await listDocuments(db, bob, { limit: 10, query: "harbour" }, replica)).documents.map(({ title }) => title).sort();
const turn = (n: number) =>
  appendTurn(
    db,
    {
      asked: { conversationId: `c${n}`, principal: bob, question: `harbour ${n}`, id: `a${n}` },
      sent: "An answer.",
    } as never,
    n,
  );
const talks = async () =>
  (await listConversations(db, bob, { limit: 3, query: "harbour" }, replica)).map(({ id }) => id);

/** Until the copy has all that was committed; then it stands still, as one that lags. */
async function standStill(): Promise<void> {
  const at = await db.get<{ at: string }>("select pg_current_wal_lsn()::text as at");
  await expect
    .poll(() => copy.get(`select pg_last_wal_replay_lsn() >= '${at!.at}'::pg_lsn as there`), { timeout: 30_000 })
    .toEqual({ there: true });
  await copy.get("select pg_wal_replay_pause()");
}

test.skipIf(PROGRAMS === undefined)(
  "searches of state go to a copy of the database, which proposes and decides nothing",
  async () => {
    const [kept, closed, gone, renamed] = [
      await accept("harbour kept"),
      await accept("harbour closed"),
      await accept("harbour gone"),
      await accept("harbour renamed"),
    ];
    for (const n of [1, 2, 3, 4]) await turn(n);
    await standStill();
    expect(await found()).toEqual(["harbour closed.md", "harbour gone.md", "harbour kept.md", "harbour renamed.md"]);
    expect(await talks()).toEqual(["c4", "c3", "c2"]);

    await patchDocument(store(), LOCAL_ADMIN, closed, { acl: ["user:carol"] });
    await deleteDocument(store(), LOCAL_ADMIN, gone);
    await patchDocument(store(), LOCAL_ADMIN, renamed, { title: "quarry" });
    await patchDocument(store(), LOCAL_ADMIN, kept, { title: "harbour now" });
    await deleteConversation(db, bob, "c3", 5);
    await accept("harbour new");
    // The copy still has everything as it was; what is shown is as it is.
    expect(await copy.all("select 1 from document where deleted_at is not null")).toEqual([]);
    expect(await found()).toEqual(["harbour now"]);
    expect(await talks()).toEqual(["c4", "c2", "c1"]);
    // What a caller sees without searching is never a moment old.
    expect((await listDocuments(db, bob, { limit: 10 }, replica)).documents).toHaveLength(3);

    await copy.get("select pg_wal_replay_resume()");
    await expect.poll(found, { timeout: 30_000 }).toEqual(["harbour new.md", "harbour now"]);
    await expect(copy.run("delete from document")).rejects.toThrow();

    await servers[1]!.stop();
    expect(await found()).toEqual(["harbour new.md", "harbour now"]);
    expect(await talks()).toEqual(["c4", "c2", "c1"]);
  },
  120_000,
);
