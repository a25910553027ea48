import { z } from "zod";
import { audit } from "#shared/audit.ts";
import { callerOf, needs } from "#shared/caller.ts";
import { signalFor } from "#shared/cancel.ts";
import { AppError } from "#shared/errors.ts";
import type { SearchIndex } from "#shared/index.ts";
import { isOperator } from "#shared/principal.ts";
import { findIndexDrift, repairIndex } from "../../reconcile.ts";
import { findBlobDrift } from "../../reconcile-blobs.ts";
import type { RouteDeps, Routes } from "../ingest-deps.ts";

/** More ids help nobody who reads them. */
const SHOWN = 100;

/**
 * Compares database, index and stored files now, and repairs the index unless it is a dry run. Files are told of only:
 * a worker removes them when a second look, an hour later, still finds them, for an upload may be storing them now.
 */
export function mountReconciliations(
  routes: Routes,
  { store, authenticate, wake }: RouteDeps,
  index: Pick<SearchIndex, "versions" | "remove">,
): void {
  const { db, blobs, now } = store;
  routes.post(
    "/v1/reconciliations",
    {
      onRequest: needs(authenticate, "admin"),
      schema: {
        tags: ["index"],
        summary: "Compare database, index and stored files, and repair the index",
        body: z.strictObject({ dry_run: z.boolean().default(false) }),
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (!isOperator(caller)) {
        throw new AppError("forbidden", 'The stores are looked after by administrators of the tenant "local".');
      }
      const { dry_run } = request.body;
      const drift = await findIndexDrift(db, index);
      // At once: while files are listed, for minutes, what is left over may come to belong to somebody.
      if (!dry_run) {
        await repairIndex(db, index, drift, now);
        await db.transaction((sql) => audit(store, sql, caller, "index.reconcile", "index"));
        wake();
      }
      const files = await findBlobDrift({ db, blobs }, now(), signalFor(reply));
      return {
        dry_run,
        index: { left_over: shown(drift.leftOver), missing: shown(drift.missing.map(({ id }) => id)) },
        files: {
          left_over: shown([...files.outlived, ...files.unknown].map((key) => key.split("/")[1]!)),
          missing: shown(files.missing),
        },
      };
    },
  );
}

const shown = (versionIds: readonly string[]) => ({
  count: versionIds.length,
  version_ids: versionIds.slice(0, SHOWN),
});
