import { audit } from "#shared/audit.ts";
import { AppError } from "#shared/errors.ts";
import type { DocumentRow, Store } from "../document-row.ts";
import type { Item, List } from "./listing.ts";
import { removeGone } from "./remove-gone.ts";
import type { Source } from "./sources.ts";
import { newTally, type SyncReport, type Tally } from "./sync-report.ts";
import { type Candidate, type TakeDeps, takeBatch } from "./take-batch.ts";

/** Items a transaction: large enough to be fast, small enough that workers start early and memory stays flat. */
const BATCH = 64;
const BATCH_BYTES = 64 * 1024 * 1024;
/** What a slow site has given so far does not wait for the rest. */
const BATCH_MS = 5_000;

export type SyncOptions = {
  /** Everything is found out and nothing changed. */
  readonly dryRun?: boolean;
  /** Somebody has looked: however many documents are gone, they go. */
  readonly allowRemovals?: boolean;
  /** Who wants it; by default whoever made the source. */
  readonly subject?: string;
  /** Hears of every batch that workers can take. */
  readonly onBatch?: () => void;
  readonly onProgress?: (progress: ReturnType<Tally["progress"]>) => void;
};

export type Known = Pick<DocumentRow, "id" | "uri" | "fingerprint" | "deleted_at">;

/**
 * Brings a source's documents up to date: new and changed items are accepted, vanished ones are deleted, and only
 * documents of this source are touched. An item is read only when its fingerprint changed. Rejects, deleting nothing,
 * when the source cannot be listed to its end.
 */
export async function syncSource(
  store: Store,
  source: Source,
  list: List,
  options: SyncOptions = {},
  signal?: AbortSignal,
): Promise<SyncReport> {
  const { dryRun = false, allowRemovals = false, onBatch = () => {}, onProgress = () => {} } = options;
  const subject = options.subject ?? source.created_by;
  const known = await knownDocuments(store, source);
  const tally = newTally(dryRun);
  const seen = new Set<string>();
  const kept = new Set<string>();
  const gone = new Set<string>();
  let cut: string | undefined;
  let revision: string | undefined;
  const deps: TakeDeps = { store, source, subject, runId: store.newId(), dryRun, tally };
  const pending: Candidate[] = [];
  let bytes = 0;
  let since = 0;

  async function take(): Promise<void> {
    stopIfAborted(signal);
    if (pending.length > 0) await takeBatch(deps, pending.splice(0), signal);
    bytes = 0;
    onBatch();
  }
  async function find(item: Item): Promise<void> {
    // Two pages may call themselves the same: the first one is it.
    if (seen.has(item.uri)) return;
    seen.add(item.uri);
    if (!isName(item.uri)) return tally.skip(item.path, "Its name holds control characters, or is too long.");
    const document = known.get(item.uri);
    // A document that somebody deleted keeps its fingerprint: it stays deleted until its file changes.
    if (document?.fingerprint === item.fingerprint && item.page === undefined) return tally.unchanged();
    const isFull = pending.length === BATCH || bytes + item.bytes > BATCH_BYTES || store.now() - since > BATCH_MS;
    if (pending.length > 0 && isFull) await take();
    if (pending.length === 0) since = store.now();
    pending.push({ item, document });
    bytes += item.bytes;
  }

  for await (const found of list(signal)) {
    stopIfAborted(signal);
    if (found.type === "item-found") await find(found.item);
    else if (found.type === "item-gone") gone.add(found.uri);
    else if (found.type === "listing-cut") cut ??= found.reason;
    else if (found.type === "revision-read") revision = found.revision;
    else {
      kept.add(found.uri);
      tally.skip(found.path, found.reason);
    }
    onProgress(tally.progress());
  }
  await take();
  const missing = [...known.values()].filter(({ uri, deleted_at }) => deleted_at === null && !seen.has(uri));
  const removable = missing.filter(({ uri }) => gone.has(uri) || (cut === undefined && !isBelow(uri, kept)));
  const live = [...known.values()].filter(({ deleted_at }) => deleted_at === null).length;
  const held = !allowRemovals && isAlarming(live, seen.size, removable.length) ? removable.length : undefined;
  if (held === undefined) {
    if (dryRun) for (const { uri } of removable) tally.changed("removed", uri);
    else await removeGone(store, source, removable, (uri) => tally.changed("removed", uri));
  }
  if (!dryRun) await finish(store, source, deps.runId, subject);
  if (tally.counts.removed > 0) onBatch();
  return tally.report({ held, cut, revision });
}

/**
 * Whether so much is missing that a disk which is not mounted or a site that was moved is likelier than that it was
 * deleted: a source that lists nothing any more, or less than half of at least `ALARMING` documents.
 */
const ALARMING = 10;
export const isAlarming = (live: number, found: number, missing: number): boolean =>
  missing > 0 && (found === 0 || (missing >= ALARMING && found < live / 2));

/** What uploads may not be called either; and an index of the database holds no more. */
const MAX_URI_BYTES = 2_000;
const isName = (uri: string): boolean => !/\p{Cc}/u.test(uri) && Buffer.byteLength(uri) <= MAX_URI_BYTES;

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AppError("unavailable", "The sync was stopped half-way. Sync again to go on.");
}

async function knownDocuments({ db }: Store, source: Source): Promise<Map<string, Known>> {
  const rows = await db.all<Known>("select id, uri, fingerprint, deleted_at from document where source_id = $1", [
    source.id,
  ]);
  return new Map(rows.map((row) => [row.uri, row]));
}

const isBelow = (uri: string, kept: ReadonlySet<string>): boolean =>
  kept.has(uri) || [...kept].some((prefix) => uri.startsWith(`${prefix}/`));

async function finish(store: Store, { id, tenant }: Source, runId: string, subject: string): Promise<void> {
  await store.db.transaction(async (sql) => {
    await sql.run("update ingest_run set sealed_at = $1 where id = $2", [store.now(), runId]);
    await sql.run("update source set synced_at = $1 where id = $2", [store.now(), id]);
    await audit(store, sql, { tenant, subject }, "source.sync", id);
  });
}
