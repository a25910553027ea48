import type { Skipped } from "./listing.ts";

/** Names that a report holds of each kind; beyond that it only counts. */
const MAX_NAMES = 200;

/** What a sync did, or what one would do. */
export type SyncReport = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: readonly Skipped[];
  /** All that were passed over, where `skipped` is not the whole list. */
  readonly skipped_total?: number;
  /** Documents that are gone from the source and were kept, because too many went at once. */
  readonly held?: number;
  /** Why not all of the source was listed. */
  readonly cut?: string;
  /** The commit that was read. */
  readonly revision?: string;
  /** Only of a dry run: the uris. */
  readonly plan?: { readonly added: string[]; readonly changed: string[]; readonly removed: string[] };
};

/** Counts while a sync runs; `report` is what it leaves. */
export function newTally(dryRun: boolean) {
  const counts = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  const names = { added: [] as string[], changed: [] as string[], removed: [] as string[] };
  const skipped: Skipped[] = [];
  let skippedTotal = 0;
  return {
    counts,
    skip(path: string, reason: string): void {
      skippedTotal += 1;
      if (skipped.length < MAX_NAMES) skipped.push({ path: path.replaceAll(/\p{Cc}/gu, "\ufffd"), reason });
    },
    unchanged(): void {
      counts.unchanged += 1;
    },
    changed(what: "added" | "changed" | "removed", uri: string): void {
      counts[what] += 1;
      if (dryRun && names[what].length < MAX_NAMES) names[what].push(uri);
    },
    /** What can be told while it is under way. */
    progress: () => ({ ...counts, skipped: skippedTotal }),
    report: (end: Pick<SyncReport, "held" | "cut" | "revision">): SyncReport => ({
      ...counts,
      skipped,
      ...(skippedTotal > skipped.length && { skipped_total: skippedTotal }),
      ...Object.fromEntries(Object.entries(end).filter(([, value]) => value !== undefined)),
      ...(dryRun && { plan: names }),
    }),
  };
}

export type Tally = ReturnType<typeof newTally>;
