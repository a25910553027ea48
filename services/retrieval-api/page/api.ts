import { ApiFailure, call, send } from "./http.ts";
import { readEvents } from "./read-events.ts";
import type {
  Answer,
  AnswerEvent,
  Conversation,
  ConversationPage,
  DocumentDetails,
  DocumentPage,
  DocumentText,
  Feedback,
  IngestionStatus,
  Job,
  LineageTag,
  Passage,
  Readiness,
  ReleaseView,
  Session,
  Source,
  SystemStatus,
  Uploaded,
} from "./shapes.ts";

const SYNC_POLL_MS = 700;

/** Every call that the page makes. All of them are in the handbook, and anybody may make them with `curl`. */

export const whoAmI = (): Promise<Session> => call("/v1/session");
export const signIn = (key: string): Promise<Session> => call("/v1/session", { body: { key } });
export const signOut = async (): Promise<void> => void (await send("/v1/session", { method: "DELETE" }));
export const release = (): Promise<ReleaseView> => call("/v1/release");

export type Asking = {
  readonly question: string;
  readonly conversationId: string | undefined;
  /** The answer whose turn, with all after it, gives way to this one. */
  readonly replaces: string | undefined;
};

/** A question's answer as it comes. Rejects with `ApiFailure`; code `lost` when the stream breaks off. */
export async function* ask(asking: Asking, signal: AbortSignal): AsyncGenerator<AnswerEvent, void> {
  const { question, conversationId, replaces } = asking;
  const cairn = { ...(conversationId && { conversation_id: conversationId }), ...(replaces && { replaces }) };
  const body = { model: "cairn", stream: true, messages: [{ role: "user", content: question }], cairn };
  const response = await send("/v1/chat/completions", { body, signal });
  const answerId = response.headers.get("lineage-id") ?? "";
  yield { type: "started", answerId, conversationId: response.headers.get("conversation-id") ?? "" };
  const lost = (): ApiFailure => new ApiFailure("The connection was lost.", { status: 0, code: "lost", answerId });
  const events = readEvents(response.body!)[Symbol.asyncIterator]();
  for (;;) {
    const next = await events.next().catch((error: unknown) => {
      throw signal.aborted ? error : lost();
    });
    if (next.done) throw lost();
    if (next.value === "[DONE]") return;
    const event = JSON.parse(next.value) as {
      choices?: { delta?: { content?: string } }[];
      error?: { message: string; code: string };
      outcome?: string;
      citations?: Answer["citations"];
      lineage?: LineageTag;
    };
    if (event.error) throw new ApiFailure(event.error.message, { status: 200, code: event.error.code, answerId });
    const text = event.choices?.[0]?.delta?.content;
    if (text) yield { type: "text-delta", text };
    if (event.outcome && event.citations && event.lineage) {
      yield { type: "end", outcome: event.outcome, citations: event.citations, lineage: event.lineage };
    }
  }
}

export const answer = (id: string): Promise<Answer> => call(`/v1/answers/${id}`);
export const lineage = (id: string): Promise<LineageTag> => call(`/v1/answers/${id}/lineage`);
export const record = async (id: string): Promise<Response> => send(`/v1/answers/${id}/record`);
export const sendFeedback = async (id: string, feedback: Feedback): Promise<void> =>
  void (await send(`/v1/answers/${id}/feedback`, { body: feedback }));

export const search = async (query: string): Promise<Passage[]> =>
  (await call<{ results: Passage[] }>("/v1/search", { body: { query, top_k: 5 } })).results;

export const conversations = (
  query: string,
  cursor: string | undefined,
): Promise<{ conversations: Conversation[]; next_cursor: string | null }> =>
  call(`/v1/conversations?${queryOf({ limit: 100, query, cursor })}`);
export const conversation = (id: string, limit: number, cursor?: number): Promise<ConversationPage> =>
  call(`/v1/conversations/${id}?${queryOf({ limit, cursor })}`);
export const renameConversation = (id: string, title: string): Promise<Conversation> =>
  call(`/v1/conversations/${id}`, { method: "PATCH", body: { title } });
export const deleteConversation = async (id: string): Promise<void> =>
  void (await send(`/v1/conversations/${id}`, { method: "DELETE" }));

export const documents = (filter: {
  readonly query: string;
  readonly state: string;
  readonly cursor: string | undefined;
}): Promise<DocumentPage> => call(`/v1/documents?${queryOf({ limit: 200, ...filter })}`);
export const documentDetails = (id: string): Promise<DocumentDetails> => call(`/v1/documents/${id}`);
export const documentText = (id: string, version: string, start: number, end: number): Promise<DocumentText> =>
  call(`/v1/documents/${id}/versions/${version}/text?${queryOf({ start, end })}`);
export const originalAddress = (id: string, version: string): string =>
  `/v1/documents/${id}/versions/${version}/original`;
export const changeDocument = (id: string, change: { title?: string; acl?: readonly string[] }): Promise<object> =>
  call(`/v1/documents/${id}`, { method: "PATCH", body: change });
export const deleteDocument = (id: string): Promise<{ job_id: string }> =>
  call(`/v1/documents/${id}`, { method: "DELETE" });

/**
 * One file as a new document, or as a new version of the one that it is known by. "Everyone" is not sent: it is what a
 * new document gets anyway, and it must not open one that somebody has closed.
 */
export function upload(file: File, uri: string, acl: readonly string[], signal: AbortSignal): Promise<Uploaded> {
  const form = new FormData();
  form.set("uri", uri);
  if (!acl.includes("tenant")) form.set("acl", acl.join(","));
  form.set("file", file, file.name);
  return call("/v1/documents", { body: form, signal });
}

export const retryJob = (id: string): Promise<Job> => call(`/v1/jobs/${id}/retry`, { method: "POST" });
export const job = (id: string): Promise<Job> => call(`/v1/jobs/${id}`);

/** A job as it changes, until it is done or given up. */
export async function* jobEvents(id: string, signal: AbortSignal): AsyncGenerator<Job, void> {
  const response = await send(`/v1/jobs/${id}/events`, { signal });
  for await (const data of readEvents(response.body!)) yield JSON.parse(data) as Job;
}

export const sources = async (): Promise<Source[]> => (await call<{ sources: Source[] }>("/v1/sources")).sources;
/** A folder of the server, a web site with what it links to, or an S3 prefix, by how the place is written. */
export function addSource(location: string): Promise<Source> {
  if (/^https?:/i.test(location))
    return call("/v1/sources", { body: { kind: "web", location, web: { mode: "crawl" } } });
  return call("/v1/sources", { body: { kind: location.startsWith("s3:") ? "s3" : "folder", location } });
}
/** Asks for a sync and resolves when it has ended, well or not. */
export async function syncSource(id: string): Promise<Source> {
  let source = await call<Source>(`/v1/sources/${id}/sync`, { method: "POST" });
  while (source.state !== "idle") {
    await new Promise((resolve) => setTimeout(resolve, SYNC_POLL_MS));
    source = await call<Source>(`/v1/sources/${id}`);
  }
  return source;
}

export const ingestionStatus = (): Promise<IngestionStatus> => call("/v1/ingestion/status");
/** Of the process, where it serves its probes beside the page; `undefined` where they have a port of their own. */
export async function readiness(): Promise<Readiness | undefined> {
  const response = await fetch("/readyz", { cache: "no-store" });
  return response.status === 200 || response.status === 503 ? ((await response.json()) as Readiness) : undefined;
}
export const systemStatus = (): Promise<SystemStatus> => call("/v1/status");

/** Values that are not given are left out. */
function queryOf(values: Readonly<Record<string, string | number | undefined>>): URLSearchParams {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}
