import type { Generation } from "#shared/index.ts";
import type { Log } from "#shared/log.ts";
import { promote, type ReindexStore, startReindex } from "../reindex/reindex.ts";
import type { ReindexRow } from "../reindex/reindex-row.ts";
import { manifestWith } from "./manifest-with.ts";

/** Who builds a generation when nobody asked for it. */
const SYSTEM = { tenant: "local", subject: "cairn" };

/**
 * Brings the index after the gateway's embedder. An empty index gets a generation of it at once. One that holds
 * something is built anew beside the live one where that may happen by itself, and goes live when it has all its
 * vectors; elsewhere the operator decides.
 */
export async function followEmbedder(
  store: ReindexStore,
  manifest: Generation["manifest"],
  { byItself, log }: { readonly byItself: boolean; readonly log: Log },
): Promise<void> {
  const { db, generations, newId } = store;
  const live = (await generations.generations()).find(({ status }) => status === "live")!;
  if (live.manifest.embedder === manifest.embedder) return;
  const making = await db.get<ReindexRow>("select * from reindex where state in ('building', 'ready') limit 1");
  if (making === undefined && (await generations.versions(live.id)).length === 0) {
    const id = newId();
    await generations.createGeneration(id, manifestWith(manifest));
    await generations.promoteGeneration(id);
    await generations.dropGeneration(live.id);
    log.info("the empty index takes the embedder", { embedder: manifest.embedder ?? "none" });
    return;
  }
  if (!byItself) {
    log.warn("the index is built with another embedder: ./cairn reindex", {
      index: live.manifest.embedder ?? "none",
      gateway: manifest.embedder ?? "none",
    });
    return;
  }
  if (making === undefined) {
    await startReindex(store, SYSTEM);
    log.info("the index is built anew for the embedder", { embedder: manifest.embedder ?? "none" });
  } else if (making.state === "ready" && making.created_by === SYSTEM.subject) {
    await promote(store, SYSTEM, making.generation, false);
    log.info("the index has its vectors", { generation: making.generation });
  }
}
