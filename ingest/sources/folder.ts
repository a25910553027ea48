import { basename, extname } from "node:path";
import type { Database } from "#shared/database.ts";
import { mediaTypeOf } from "#shared/formats.ts";
import type { Store } from "../document-row.ts";
import type { Found, List } from "./listing.ts";
import { labelOf, type Source } from "./sources.ts";
import type { SyncReport } from "./sync-report.ts";
import { type SyncOptions, syncSource } from "./sync-source.ts";
import { readFound, realRoot, walkFolder } from "./walk-folder.ts";

/** The supported files of a folder. A file has changed when its time or size has. */
export const listFolder = (db: Database, source: Source): List =>
  async function* (): AsyncGenerator<Found> {
    const top = await realRoot(source.location);
    const walk = await walkFolder(top);
    const label = await labelOf(db, source);
    for (const { path, reason } of walk.skipped)
      yield { type: "item-skipped", path, uri: `file:${label}/${path}`, reason };
    for (const { path, fingerprint, bytes } of walk.files) {
      const item = {
        uri: `file:${label}/${path}`,
        path,
        fingerprint,
        bytes,
        fileName: basename(path),
        mediaType: mediaTypeOf(extname(path).toLowerCase()),
        read: () => readFound(top, path),
      };
      yield { type: "item-found", item };
    }
  };

/** `syncSource` for a folder. */
export const syncFolder = (
  store: Store,
  source: Source,
  options?: SyncOptions,
  signal?: AbortSignal,
): Promise<SyncReport> => syncSource(store, source, listFolder(store.db, source), options, signal);
