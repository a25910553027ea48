import { AppError } from "#shared/errors.ts";
import type { Embed, EmbeddedBy } from "#shared/gateway-embed.ts";
import type { Hit, Legs, SearchIndex } from "#shared/index.ts";
import { languageOf } from "#shared/language.ts";
import type { SearchScope } from "#shared/principal.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { WithdrawnModels } from "../recall/withdrawn-parts.ts";

/** For the question's vector and the search together: the answer does not wait longer for the second leg. */
const LIMIT_MS = 800;

/**
 * What became of the search by vectors. `language`: the embedder does not know that of the question. `replaced`: the
 * gateway's embedder is not the one that the index was built with. `withdrawn`: it must not answer for the tenant, so
 * neither must the vectors that it made. `failed`: it was away, or refused.
 */
export type DenseOutcome = "used" | "language" | "late" | "failed" | "replaced" | "withdrawn";
/** Absent where the index has no vectors. */
export type DenseReport = { readonly outcome: DenseOutcome; readonly by: EmbeddedBy | undefined };

export type DenseLeg = {
  /** The hits of this leg in the generation of the others. `undefined` when the answer goes on without them. */
  near(found: Legs, scope: SearchScope, limit: number): Promise<readonly Hit[] | undefined>;
  readonly report: DenseReport | undefined;
};

type Deps = {
  readonly index: Pick<SearchIndex, "nearest">;
  readonly embed: Embed;
  readonly withdrawnModels: WithdrawnModels;
  readonly metrics: Pick<Metrics, "denseLeg">;
  readonly limitMs?: number;
};

/**
 * Searches by vectors beside the words, within a limit: whatever is wrong with the embedding model costs an answer this
 * leg and nothing else. Where the last search met vectors, the question is embedded while the words are looked for.
 */
export function createDenseLeg({ index, embed, withdrawnModels, metrics, limitMs = LIMIT_MS }: Deps) {
  let hasVectors = false;

  return (question: string, signal: AbortSignal): DenseLeg => {
    let report: DenseReport | undefined;
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(), limitMs);
    const within = AbortSignal.any([signal, timer.signal]);
    const embedded = once(() => embed("query", [question], within));
    if (hasVectors) embedded().catch(() => undefined);

    const end = (outcome: DenseOutcome, by?: EmbeddedBy): void => {
      report ??= { outcome, by };
      clearTimeout(timeout);
    };
    async function search({ generation, embedder, languages }: Legs, scope: SearchScope, limit: number) {
      hasVectors = embedder !== undefined;
      if (!hasVectors || report?.outcome === "failed") return clearTimeout(timeout);
      if (languages && !languages.includes(languageOf(question))) return end("language");
      const [{ vectors, by }, withdrawn] = await Promise.all([embedded(), withdrawnModels(scope.tenant)]);
      if (withdrawn.has(by.model)) return end("withdrawn", by);
      const hits =
        by.embedder === embedder ? await index.nearest(generation, vectors[0]!, scope, limit, within) : undefined;
      end(hits ? "used" : "replaced", by);
      return hits;
    }
    return {
      get report() {
        return report;
      },
      async near(found, scope, limit) {
        try {
          return (await search(found, scope, limit)) ?? undefined;
        } catch (error) {
          signal.throwIfAborted();
          if (!timer.signal.aborted && !(error instanceof AppError)) throw error;
          end(timer.signal.aborted ? "late" : "failed");
          return undefined;
        } finally {
          if (report) metrics.denseLeg.inc({ outcome: report.outcome });
        }
      },
    };
  };
}

export type OpenDenseLeg = ReturnType<typeof createDenseLeg>;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
