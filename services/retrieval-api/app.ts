import type { Database } from "#shared/database.ts";
import type { DiskUsed } from "#shared/disk-used.ts";
import { EMBED_ALIAS, gatewayEmbed } from "#shared/gateway-embed.ts";
import type { Authenticate } from "#shared/identity.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Part } from "#shared/lineage/answer-statement.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import { publishKeys } from "#shared/lineage/published-keys.ts";
import { type Sequencer, startSequencer } from "#shared/lineage/sequencer.ts";
import type { Log } from "#shared/log.ts";
import type { Release } from "#shared/release.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import type { Server } from "#shared/server.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { Outcome } from "./answer/draft.ts";
import { gatewayGenerate } from "./answer/generate.ts";
import type { ApiDeps } from "./api-deps.ts";
import { gatewayStatusOf } from "./gateway-status.ts";
import { createSaveAnswer } from "./lineage/save-answer.ts";
import { createCheckParts, createWithdrawnModels } from "./recall/withdrawn-parts.ts";
import { createDenseLeg } from "./retrieval/dense-leg.ts";
import { createRetrieve } from "./retrieval/retrieve.ts";
import { currentGate } from "./retrieval/second-gate.ts";
import { mountAnswers } from "./routes/answers.ts";
import { mountChatCompletions } from "./routes/chat-completions.ts";
import { mountConversations } from "./routes/conversations.ts";
import { mountKeys } from "./routes/keys.ts";
import { mountLineageLog } from "./routes/lineage-log.ts";
import { mountModels } from "./routes/models.ts";
import { mountPage } from "./routes/page.ts";
import { mountRelease } from "./routes/release.ts";
import { mountReleases } from "./routes/releases.ts";
import { mountReplay } from "./routes/replay.ts";
import { mountRunEvents } from "./routes/run-events.ts";
import { mountSearch } from "./routes/search.ts";
import { mountSession } from "./routes/session.ts";
import { mountStatus } from "./routes/status.ts";
import { mountWithdrawals } from "./routes/withdrawals.ts";

/** Enough of a digest for a person to tell two releases apart. */
const RELEASE_LABEL_LENGTH = 19;

export type RetrievalDeps = {
  readonly db: Database;
  readonly replica?: StaleReads;
  readonly index: Pick<SearchIndex, "search" | "searchIn" | "nearest" | "generations">;
  readonly authenticate: Authenticate;
  /** What API keys are hashed with. */
  readonly pepper: string;
  readonly release: Release;
  /** What signs records and checkpoints. */
  readonly ring: KeyRing;
  /** Code and runtime as they were measured at the start. */
  readonly parts: readonly Part[];
  /** Base address of the gateway, without `/v1`. */
  readonly gatewayUrl: string;
  readonly gatewayKey?: string | undefined;
  readonly diskUsed?: (() => Promise<DiskUsed>) | undefined;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now?: () => number;
};

/** Adds chat, search, answers, conversations and keys to a server. */
export async function mountRetrieval(server: Server, deps: RetrievalDeps): Promise<void> {
  const { db, index, release, ring, metrics, log, authenticate, pepper, now = Date.now } = deps;
  await keepRelease(db, release, now());
  await publishKeys(db, ring.published());
  metrics.release.set({ release: release.digest.slice(0, RELEASE_LABEL_LENGTH) }, 1);
  const embed = gatewayEmbed({ gatewayUrl: deps.gatewayUrl, gatewayKey: deps.gatewayKey, model: EMBED_ALIAS });
  const openDense = createDenseLeg({ index, embed, withdrawnModels: createWithdrawnModels(db), metrics });
  const retrieve = createRetrieve(index, currentGate(db), release, metrics, openDense);
  const save = createSaveAnswer({ db, making: { release, parts: deps.parts }, ring, metrics, now });
  const generate = gatewayGenerate(deps.gatewayUrl, deps.gatewayKey);
  const onEnd = (outcome: Outcome): void => metrics.answers.inc({ outcome });
  const checkParts = createCheckParts(db, release);
  const answerDeps = { release, retrieve, generate, checkParts, onEnd, save, now };
  const status = { gatewayStatus: gatewayStatusOf(deps.gatewayUrl, deps.gatewayKey), diskUsed: deps.diskUsed };
  const asked = {
    db,
    replica: deps.replica ?? db,
    index,
    ring,
    authenticate,
    pepper,
    release,
    parts: deps.parts,
    retrieve,
    openDense,
    answerDeps,
    metrics,
    log,
    now,
  };
  const apiDeps: ApiDeps = { ...asked, ...status };
  // Only once it listens: a start that fails must not have begun with work.
  let sequencer: Sequencer | undefined;
  server.addHook("onListen", async () => {
    sequencer = startSequencer({ db, ring, metrics, log, now });
  });
  server.addHook("onClose", async () => sequencer?.stop());
  // Registered, not added directly: only then do the routes enter /openapi.json.
  server.register(async () => {
    mountChatCompletions(server, apiDeps);
    mountModels(server, apiDeps);
    mountSearch(server, apiDeps);
    mountAnswers(server, apiDeps);
    mountConversations(server, apiDeps);
    mountKeys(server, apiDeps);
    mountWithdrawals(server, apiDeps);
    mountReplay(server, apiDeps);
    mountReleases(server, apiDeps);
    mountRunEvents(server, apiDeps);
    mountLineageLog(server, apiDeps);
    mountRelease(server, apiDeps);
    mountSession(server, apiDeps);
    mountStatus(server, apiDeps);
    mountPage(server);
  });
}

/** An answer's release can be looked up by its digest as long as the answer exists. */
async function keepRelease(db: Database, release: Release, at: number): Promise<void> {
  const { digest, name, ...content } = release;
  await db.run(
    "insert into release (digest, name, content, first_used_at) values ($1, $2, $3, $4) on conflict (digest) do nothing",
    [digest, name, JSON.stringify(content), at],
  );
}
