/** What the API answers with, as far as the page reads it. The handbook describes all of it. */

import type { Place } from "#shared/places.ts";

export type Span = { readonly start: number; readonly end: number };
export type SourceStatus = "current" | "superseded" | "withdrawn" | "unavailable";

export type CitedSource = Span & {
  readonly document_id: string;
  readonly version_id: string;
  readonly title: string;
  readonly uri: string;
  readonly heading_path: readonly string[];
  readonly page?: number;
  readonly place?: Place;
  readonly quote: string;
  readonly status?: "current" | "superseded";
};
/** Of a source that may not be read any more nothing is left but the number. */
export type Citation =
  | { readonly marker: number; readonly answer: Span; readonly verified: boolean; readonly source: CitedSource }
  | { readonly marker: number; readonly source: { readonly status: "withdrawn" | "unavailable" } };

export type LineageSource = {
  readonly rank: number;
  readonly use: "cited" | "in_context";
  readonly digest: string;
  readonly document_id?: string;
  readonly version_id?: string;
  readonly title?: string;
  readonly uri?: string;
  readonly status?: SourceStatus;
};
export type LineageTag = {
  readonly id: string;
  readonly outcome: string;
  readonly conversation_id: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly release: { readonly name: string; readonly digest: string };
  readonly models: readonly {
    readonly role: string;
    readonly model: string;
    readonly upstream: string;
    readonly assurance: string;
  }[];
  readonly index: { readonly generation: string | null };
  readonly sources: readonly LineageSource[];
  readonly sources_omitted?: number;
  readonly record: { readonly digest: string; readonly url: string };
  readonly verification: { readonly level: string; readonly signed: boolean };
};

export type WithdrawnKind = "document" | "document_version" | "model" | "prompt" | "release" | "ingest_run" | "parser";

export type Answer = {
  readonly id: string;
  readonly conversation_id: string | null;
  readonly created_at: string;
  readonly outcome: string;
  readonly question: string;
  readonly content: string;
  readonly withheld: boolean;
  /** What the answer was made of and has been withdrawn since; why, is for auditors. */
  readonly withdrawn: readonly { readonly kind: WithdrawnKind; readonly at: string; readonly reason?: string }[];
  readonly citations: readonly Citation[];
  readonly lineage: LineageTag;
};

export type AnswerEvent =
  | { readonly type: "started"; readonly answerId: string; readonly conversationId: string }
  | { readonly type: "text-delta"; readonly text: string }
  | {
      readonly type: "end";
      readonly outcome: string;
      readonly citations: readonly Citation[];
      readonly lineage: LineageTag;
    };

export type Feedback = { readonly rating: "up" | "down"; readonly reason?: string; readonly comment?: string };

export type Conversation = {
  readonly id: string;
  readonly title: string;
  readonly created_at: string;
  readonly updated_at: string;
};
export type Message = {
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly created_at: string;
  readonly withheld?: boolean;
  readonly answer_id?: string;
  readonly outcome?: string;
  readonly citations?: readonly Citation[];
  readonly feedback?: Feedback | null;
};
export type ConversationPage = Conversation & {
  readonly messages: readonly Message[];
  readonly next_cursor: number | null;
};

export type Passage = Span & {
  readonly rank: number;
  readonly document_id: string;
  readonly version_id: string;
  readonly title: string;
  readonly uri: string;
  readonly heading_path: readonly string[];
  readonly page?: number;
  readonly place?: Place;
  readonly text: string;
};

export type ReleaseView = {
  readonly name: string;
  readonly digest: string;
  readonly models: Readonly<Record<string, string>>;
  readonly examples: Readonly<Record<string, readonly string[]>>;
};

export type Session = {
  readonly tenant: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Whether there is a session to sign out of. */
  readonly signed_in: boolean;
};

export type DocumentState = "ready" | "pending" | "failed";
export type DocumentView = {
  readonly id: string;
  readonly uri: string;
  readonly title: string;
  readonly collection: string;
  readonly acl: readonly string[];
  readonly state: DocumentState;
  readonly current_version: string | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
};
export type DocumentPage = { readonly documents: readonly DocumentView[]; readonly next_cursor: string | null };
export type Version = {
  readonly id: string;
  readonly title: string;
  readonly file_name: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly digest: string;
  readonly code_points: number | null;
  readonly passages: number | null;
  readonly state: "ready" | "pending" | "failed" | "retired";
  readonly reason: string | null;
  readonly code: string | null;
  readonly created_at: string;
  readonly ready_at: string | null;
  readonly retired_at: string | null;
  /** An https address of just this content, where its source has one. */
  readonly link: string | null;
};
export type DocumentDetails = DocumentView & { readonly versions: readonly Version[] };
export type DocumentText = Span & {
  readonly document_id: string;
  readonly version_id: string;
  readonly code_points: number;
  readonly text: string;
};
export type Uploaded = {
  readonly document: DocumentView;
  readonly version_id: string;
  readonly job_id: string | null;
  readonly unchanged: boolean;
};
export type Job = {
  readonly id: string;
  readonly kind: string;
  readonly document_id: string | null;
  readonly state: "ready" | "leased" | "done" | "dead";
  readonly step: string | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly code: string | null;
  readonly updated_at: string;
};
export type Source = {
  readonly id: string;
  readonly kind: string;
  readonly location: string;
  readonly collection: string;
  readonly acl: readonly string[];
  readonly synced_at: string | null;
  readonly next_sync_at: string | null;
  readonly state: "idle" | "queued" | "running";
  readonly report: SyncReport | null;
  readonly problem: { readonly message: string } | null;
};
export type SyncReport = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
};
export type IngestionStatus = {
  readonly documents: { readonly total: number; readonly searchable: number };
  readonly jobs: { readonly ready: number; readonly leased: number; readonly done: number; readonly dead: number };
  readonly last_failures: readonly Job[];
};
export type SystemStatus = {
  readonly version: string;
  readonly started_at: string;
  readonly release: { readonly name: string; readonly digest: string };
  readonly generations: readonly { readonly id: string; readonly status: string }[];
  readonly answers_last_day: Readonly<Record<string, number>>;
  readonly gateway: {
    readonly models: readonly {
      readonly alias: string;
      readonly kind: string;
      readonly running: number;
      readonly queued: number;
      readonly upstreams: readonly string[];
    }[];
    readonly upstreams: readonly {
      readonly name: string;
      readonly kind: string;
      readonly healthy: boolean;
      readonly breaker: string;
      readonly running: number;
    }[];
  } | null;
  readonly disk: { readonly used: number; readonly free: number } | null;
};
export type Readiness = { readonly status: string; readonly checks: Readonly<Record<string, string>> };
