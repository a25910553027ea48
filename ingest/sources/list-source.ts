import type { Database } from "#shared/database.ts";
import type { S3Access } from "#shared/s3-client.ts";
import { listFolder } from "./folder.ts";
import { listGit } from "./git/git.ts";
import type { Found, List } from "./listing.ts";
import { checkReach, type Reach } from "./reach.ts";
import { listS3 } from "./s3.ts";
import type { Source, SourceKind } from "./sources.ts";
import { listWeb } from "./web/web.ts";

export type ListDeps = { readonly db: Database; readonly reach: Reach; readonly s3: S3Access | undefined };

const KINDS: Readonly<Record<SourceKind, (deps: ListDeps, source: Source) => List>> = {
  folder: ({ db }, source) => listFolder(db, source),
  git: ({ db }, source) => listGit(db, source),
  s3: ({ s3 }, source) => listS3(s3, source),
  web: ({ db, reach }, source) => listWeb({ db, origins: reach.origins }, source),
};

/** How to list each kind of source, where this process may still reach it. */
export const listWith =
  (deps: ListDeps) =>
  (source: Source): List =>
    async function* (signal): AsyncGenerator<Found> {
      await checkReach(deps.reach, source.kind, source.location);
      yield* KINDS[source.kind](deps, source)(signal);
    };
