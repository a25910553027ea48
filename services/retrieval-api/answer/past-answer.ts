import { type Database, placesOf } from "#shared/database.ts";
import { AppError } from "#shared/errors.ts";
import { languageOf } from "#shared/language.ts";
import { levelOf } from "#shared/lineage/tag.ts";
import type { TagVerification } from "#shared/lineage/tag-schema.ts";
import { type Principal, scopeOf } from "#shared/principal.ts";
import { shortName } from "../lineage/name-sources.ts";
import { type Retracted, type Retractions, retractedOf } from "../recall/retracted.ts";
import { type Confirmed, readableGate } from "../retrieval/second-gate.ts";
import type { Citation } from "./citations.ts";

type AnswerRow = {
  id: string;
  subject: string;
  conversation_id: string | null;
  question: string;
  content: string;
  outcome: string;
  citations: string;
  tag: string;
  created_at: number;
  /** Its place in the log; `null` for the moment before it has one. */
  sequence: number | null;
  erased_at: number | null;
  rating: "up" | "down" | null;
  reason: string | null;
  comment: string | null;
};
type TagSource = { readonly rank: number; readonly version_id: string; readonly use: string; readonly digest: string };
type Tag = Readonly<Record<string, unknown>> & {
  readonly sources: readonly TagSource[];
  readonly verification: TagVerification;
};
type Status = "current" | "superseded" | "withdrawn" | "unavailable";

const WITHHELD = {
  unavailable: {
    en: "This answer rests on a document that you may no longer read, so its text is withheld.",
    zh: "这个回答所依据的文档您已无权阅读，因此不再显示其内容。",
  },
  erased: {
    en: "ERASED. The text of this answer was erased with a document that it rests on. Its record stays and still verifies.",
    zh: "已擦除。这个回答的正文已随其所依据的文档一起擦除。其记录仍然保留，并且仍可验证。",
  },
  withdrawn: {
    en: "This answer rests on a document that has been withdrawn, so its text is withheld. Do not rely on it; ask again.",
    zh: "这个回答所依据的文档已被撤回，因此不再显示其内容。请勿再依据该回答，请重新提问。",
  },
} as const;

export type PastAnswer = {
  readonly id: string;
  readonly conversation_id: string | null;
  readonly created_at: string;
  readonly outcome: string;
  readonly question: string;
  readonly content: string;
  readonly withheld: boolean;
  /** Whether the text is gone for good. */
  readonly erased: boolean;
  /** What the answer was made of and has been withdrawn since. */
  readonly withdrawn: readonly Retracted[];
  readonly citations: readonly object[];
  readonly lineage: object;
  /** What the caller said of it; `null` when nothing yet. */
  readonly feedback: Feedback | null;
};
export type Feedback = { readonly rating: "up" | "down"; readonly reason?: string; readonly comment?: string };

/**
 * An answer of the past, seen with today's permissions: sources that the caller may not read now are named by their
 * digest only, and the text is withheld when the model had read one, cited or not: an answer that was cut off says things
 * before their marker. What has been withdrawn since is said, and its sources count as unreadable. Rejects with `not_found` for other people's answers,
 * except for auditors of the tenant.
 */
export async function pastAnswer(db: Database, principal: Principal, id: string): Promise<PastAnswer> {
  const answer = (await pastAnswers(db, principal, [id])).get(id);
  if (!answer) throw new AppError("not_found", "There is no such answer of yours.");
  return answer;
}

/** Many at once, by id. Those that `pastAnswer` would not find are absent. */
export async function pastAnswers(
  db: Database,
  principal: Principal,
  ids: readonly string[],
): Promise<Map<string, PastAnswer>> {
  if (ids.length === 0) return new Map();
  const rows = await db.all<AnswerRow>(
    `select id, answer.subject, conversation_id, question, content, outcome, citations, tag, created_at, erased_at,
       rating, reason, comment, (select sequence from log_leaf l where l.id = answer.id) as sequence
     from answer left join feedback f on f.answer_id = answer.id and f.subject = $2
     where answer.tenant = $1 and id in (${placesOf(ids, 3)})`,
    [principal.tenant, principal.subject, ...ids],
  );
  const auditor = principal.scopes.includes("audit") || principal.scopes.includes("admin");
  const own = rows.filter(({ subject }) => subject === principal.subject || auditor);
  if (own.length === 0) return new Map();
  const read = await versionsRead(
    db,
    own.map(({ id }) => id),
  );
  const readable = await readableGate(db)(scopeOf(principal), [...new Set([...read.values()].flat())]);
  const retracted = await retractedOf(
    db,
    own.map(({ id }) => id),
    auditor,
  );
  return new Map(
    own.map((row) => [row.id, viewOf(row, read.get(row.id) ?? [], readable, retracted.get(row.id) ?? NONE)]),
  );
}

const NONE: Retractions = { withdrawn: [], versions: new Set() };

function viewOf(
  row: AnswerRow,
  basis: readonly string[],
  readable: ReadonlyMap<string, Confirmed>,
  { withdrawn, versions }: Retractions,
): PastAnswer {
  const tag = JSON.parse(row.tag) as Tag;
  const citations = JSON.parse(row.citations) as Citation[];
  const statusOf = (versionId: string): Status => {
    if (versions.has(versionId)) return "withdrawn";
    const version = readable.get(versionId);
    return version === undefined ? "unavailable" : version.current ? "current" : "superseded";
  };
  const statuses = basis.map(statusOf);
  const erased = row.erased_at !== null;
  const closed = (["withdrawn", "unavailable"] as const).find((status) => statuses.includes(status));
  const why = erased ? "erased" : closed;
  return {
    id: row.id,
    conversation_id: row.conversation_id,
    created_at: new Date(row.created_at).toISOString(),
    outcome: row.outcome,
    question: row.question,
    content: why ? WITHHELD[why][languageOf(row.question)] : row.content,
    withheld: why !== undefined,
    erased,
    withdrawn,
    citations: citations.map((citation) => citationView(citation, statusOf(citation.source.version_id))),
    lineage: {
      ...tag,
      verification: verificationOf(tag, row),
      sources: tag.sources.map((source) =>
        sourceView(source, statusOf(source.version_id), readable.get(source.version_id)),
      ),
    },
    feedback: feedbackOf(row),
  };
}

function feedbackOf({ rating, reason, comment }: AnswerRow): Feedback | null {
  if (rating === null) return null;
  return { rating, ...(reason !== null && { reason }), ...(comment !== null && { comment }) };
}

/** The tag is from before the record had its place in the log. */
function verificationOf({ verification }: Tag, { sequence }: AnswerRow): TagVerification {
  const now = { ...verification, logged: sequence !== null };
  return { ...now, level: levelOf(now) };
}

/** Versions whose passages were in the prompt, by answer. The tag may have left some out to stay small. */
async function versionsRead(db: Database, answerIds: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await db.all<{ answer_id: string; dep_id: string }>(
    `select distinct answer_id, dep_id from answer_dep
     where dep_kind = 'document_version' and use in ('cited', 'in_context') and answer_id in (${placesOf(answerIds, 1)})`,
    answerIds,
  );
  const read = new Map<string, string[]>();
  for (const { answer_id, dep_id } of rows) read.set(answer_id, [...(read.get(answer_id) ?? []), dep_id]);
  return read;
}

const isClosed = (status: Status): boolean => status === "unavailable" || status === "withdrawn";

function citationView({ marker, answer, verified, source }: Citation, status: Status): object {
  if (isClosed(status)) return { marker, source: { status } };
  return { marker, answer, verified, source: { ...source, status } };
}

function sourceView(source: TagSource, status: Status, document: Confirmed | undefined): object {
  const { rank, use, digest } = source;
  if (isClosed(status) || !document) return { rank, use, digest, status };
  return { ...source, ...shortName(document), status };
}
