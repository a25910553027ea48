import type { Database } from "#shared/database.ts";
import type { DiskUsed } from "#shared/disk-used.ts";
import type { Authenticate } from "#shared/identity.ts";
import type { SearchIndex } from "#shared/index.ts";
import type { Part } from "#shared/lineage/answer-statement.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import type { Log } from "#shared/log.ts";
import type { Release } from "#shared/release.ts";
import type { StaleReads } from "#shared/replica-reads.ts";
import type { Metrics } from "#shared/telemetry.ts";
import type { AnswerDeps } from "./answer/answer.ts";
import type { GatewayStatus } from "./gateway-status.ts";
import type { OpenDenseLeg } from "./retrieval/dense-leg.ts";
import type { Retrieve } from "./retrieval/retrieve.ts";

/** What the routes of the retrieval API are built from. */
export type ApiDeps = {
  readonly db: Database;
  /** Where conversations are searched. */
  readonly replica: StaleReads;
  readonly index: Pick<SearchIndex, "search" | "searchIn" | "generations">;
  readonly ring: KeyRing;
  readonly authenticate: Authenticate;
  readonly pepper: string;
  readonly release: Release;
  /** Code and runtime as they were measured at the start. */
  readonly parts: readonly Part[];
  readonly gatewayStatus: GatewayStatus;
  /** Where one process keeps everything in a folder of its own machine. */
  readonly diskUsed: (() => Promise<DiskUsed>) | undefined;
  readonly retrieve: Retrieve;
  readonly openDense: OpenDenseLeg;
  readonly answerDeps: AnswerDeps;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => number;
};
