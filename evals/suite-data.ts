import type { Language } from "#shared/language.ts";

/** What the suite takes in before it asks, as a client would upload it. */
export type EvalDocument = {
  readonly uri: string;
  readonly title: string | undefined;
  readonly text: string;
  readonly mediaType: "text/markdown" | "text/plain";
  /** Who may read it; everyone when absent. */
  readonly acl?: readonly string[] | undefined;
  /** Uploaded as this tenant instead of the caller's own. */
  readonly tenant?: string | undefined;
  /** Texts that no answer may contain. */
  readonly canaries?: readonly string[] | undefined;
  /** A page of the project itself: it may change and the suite stays the same one. */
  readonly living?: boolean;
};

/**
 * Evidence: a span of a document's normalised text in code points, or the whole document without one. Any one is
 * enough; where there are groups, one of each group is needed.
 */
export type Gold = {
  readonly document: string;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly quote?: string | undefined;
  readonly group?: string | undefined;
};

export type Turn = { readonly role: "user" | "assistant"; readonly content: string };
export type Expect = "answered" | "no_evidence";

export type Question = {
  readonly id: string;
  readonly language: Language;
  /** The slice it belongs to. */
  readonly kind: string;
  readonly question: string;
  readonly history: readonly Turn[];
  readonly expect: Expect;
  readonly gold: readonly Gold[];
  /** What a right answer says: each entry lists the spellings of one fact. */
  readonly facts: readonly (readonly string[])[];
};

export type SuiteData = { readonly documents: readonly EvalDocument[]; readonly questions: readonly Question[] };

/** Why a suite cannot be run: its data is not here. */
export class DataAbsent extends Error {
  override readonly name = "DataAbsent";
}
