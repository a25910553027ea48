import type { Sql } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import { EVERY_TENANT } from "#shared/not-withdrawn.ts";

/** A withdrawal is seldom lifted within a minute. */
const LOOK_AGAIN_SECONDS = 60;

/**
 * No vectors of a model that the operator has withdrawn for every tenant: passages wait, and none of them is found by its
 * meaning meanwhile. Rejects with `unavailable` then. What one tenant has withdrawn is still made for the others.
 */
export const unlessWithdrawn =
  (embed: Embed, db: Pick<Sql, "get">): Embed =>
  async (...asked) => {
    const embedded = await embed(...asked);
    const withdrawal = await db.get<{ id: string }>(
      "select id from withdrawal where tenant = $1 and kind = 'model' and target = $2 and lifted_at is null",
      [EVERY_TENANT, embedded.by.model],
    );
    if (!withdrawal) return embedded;
    throw new AppError("unavailable", `The embedding model ${embedded.by.model} has been withdrawn.`, {
      retryAfterSeconds: LOOK_AGAIN_SECONDS,
    });
  };
