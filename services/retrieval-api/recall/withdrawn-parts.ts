import type { Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";
import type { Release } from "#shared/release.ts";

/**
 * The models that must not answer for a tenant. Rejects with `withdrawn` when the release or its prompt must not:
 * there is no other one to go on with.
 */
export type CheckParts = (tenant: string) => Promise<ReadonlySet<string>>;

/** The models that must not answer for a tenant, and whose vectors must not be searched for it. */
export type WithdrawnModels = (tenant: string) => Promise<ReadonlySet<string>>;

export const createWithdrawnModels =
  (db: Pick<Sql, "all">): WithdrawnModels =>
  async (tenant) => {
    const rows = await db.all<{ target: string }>(
      "select target from withdrawal where tenant in ($1, $2) and lifted_at is null and kind = 'model'",
      [tenant, EVERY_TENANT],
    );
    return new Set(rows.map(({ target }) => target));
  };

/** Asked for each question, so that a withdrawal is effective from the next one on. */
export function createCheckParts(db: Pick<Sql, "all">, release: Release): CheckParts {
  return async (tenant) => {
    const rows = await db.all<{ kind: string; target: string }>(
      `select kind, target from withdrawal where tenant in ($1, $2) and lifted_at is null and (kind = 'model'
         or (kind = 'release' and target = $3) or (kind = 'prompt' and target = $4))`,
      [tenant, EVERY_TENANT, release.digest, release.promptDigest],
    );
    const stopped = rows.find(({ kind }) => kind !== "model");
    if (stopped) throw withdrawnPart(`The ${stopped.kind} that answers here has been withdrawn.`);
    return new Set(rows.map(({ target }) => target));
  };
}

/** The model that answered although it was asked not to: nothing of it is shown. */
export const withdrawnModel = (): AppError => withdrawnPart("The model that would answer has been withdrawn.");

const withdrawnPart = (what: string): AppError =>
  new AppError("withdrawn", `${what} Until an administrator puts another one in its place, there are no answers.`);
