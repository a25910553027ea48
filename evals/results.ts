import type { Values } from "./metrics/registry.ts";
import type { Observation, Timing } from "./observation.ts";
import type { Suite } from "./suite.ts";
import type { Question } from "./suite-data.ts";

/** The seed of all that is drawn by lot: samples of questions and of the bootstrap. */
export const SEED = 20260101;

export type QuestionResult = Question & { readonly observation: Observation; readonly values: Values };

/** What was measured on what: a suite whose fingerprint changed is compared with nothing from before. */
export type Fingerprint = { readonly suite: string; readonly documents: string; readonly questions: string };

export type SuiteResult = {
  readonly name: string;
  readonly description: string;
  readonly tier: Suite["tier"];
} & (
  | { readonly status: "skipped"; readonly reason: string }
  | {
      readonly status: "run";
      readonly fingerprint: Fingerprint;
      /** Release digests that the answers named. */
      readonly releases: readonly string[];
      /** Set when only some of the questions were asked. */
      readonly sampled?: number;
      /** Secrets found in what the server logged. */
      readonly logLeaks: number;
      readonly questions: readonly QuestionResult[];
    }
);

export type RunSuite = Extract<SuiteResult, { status: "run" }>;

export type Results = {
  readonly format: "cairn-evals/1";
  readonly seed: number;
  readonly release: { readonly name: string; readonly digest: string };
  readonly code: { readonly revision: string; readonly changed: boolean };
  readonly suites: readonly SuiteResult[];
};

/** What two runs of the same thing do not share. */
export type SuiteTimings = {
  /** By the gateway's prices; absent where it does not say. */
  readonly cost?: number;
  readonly questions: readonly Timing[];
};
export type Timings = Readonly<Record<string, SuiteTimings>>;
