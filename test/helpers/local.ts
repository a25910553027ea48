import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstKey } from "#shared/first-key.ts";
import { openAuthenticate } from "#shared/identity.ts";
import type { Log } from "#shared/log.ts";
import type { Scope } from "#shared/principal.ts";
import { loadRelease } from "#shared/release.ts";
import { createMetrics } from "#shared/telemetry.ts";
import { startLocal } from "../../services/local/app.ts";
import { checkRecords } from "./check-records.ts";
import { openEmbeddedState } from "./embedded-state.ts";
import { lineageDeps } from "./lineage-deps.ts";

const ROOT = join(import.meta.dirname, "../..");

export type Options = {
  /** Files of the folder that is taken in, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder to take in instead. */
  readonly folder?: string;
  /** A model server that answers before the extractive one. */
  readonly modelUrl?: string;
  readonly chatModel?: string | undefined;
  /** An embeddings server, or the folder of a model. */
  readonly embeddings?: string;
  readonly auth?: "open" | "keys";
};
export type Ask = { readonly key?: string; readonly signal?: AbortSignal; readonly method?: string };
export type NewKey = { tenant?: string; subject: string; groups?: string[]; scopes?: Scope[] };

/** The whole application on free ports over a temporary folder, with everything in it searchable. */
export async function openLocal(options: Options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "cairn-local-"));
  const { auth = "open", modelUrl } = options;
  const state = await openEmbeddedState(join(folder, "data"));
  const metrics = createMetrics();
  const unexpected: unknown[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (_event, error) => void unexpected.push(error) };
  const models = {
    openaiBaseUrl: modelUrl,
    openaiApiKey: modelUrl && "k",
    chatModel: options.chatModel ?? (modelUrl && "mock-model"),
    embeddings: options.embeddings,
  };
  const lineage = await lineageDeps(join(folder, "data"));
  const local = await startLocal(
    { host: "127.0.0.1", port: 0, gatewayPort: 0, open: auth === "open", models },
    {
      state,
      authenticate: auth === "open" ? openAuthenticate(state.withKeys) : state.withKeys,
      release: await loadRelease(join(ROOT, "releases/default")),
      ...lineage,
      metrics,
      log,
      onProgress: () => {},
    },
  );
  const admin = auth === "keys" ? await firstKey(state.db, state.pepper) : undefined;
  const files = Object.entries(options.files ?? {});
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  if (options.folder !== undefined) await local.takeIn([options.folder]);
  else if (files.length > 0) await local.takeIn([folder]);
  await local.worker.idle();

  /** A request with a JSON body, or none. */
  function send(path: string, body?: unknown, { key = admin, signal, method }: Ask = {}): Promise<Response> {
    return fetch(`${local.address}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: signal ?? null,
    });
  }
  const chatBody = (question: string, more: object = {}): object => ({
    model: "cairn",
    messages: [{ role: "user", content: question }],
    ...more,
  });
  return {
    address: local.address,
    folder,
    state,
    db: state.db,
    metrics,
    admin,
    /** What was logged as a bug. */
    unexpected,
    local,
    send,
    chatBody,
    /** The answer to one question, not streamed. */
    async ask(question: string, more: object = {}, asker: Ask = {}): Promise<Completion> {
      return (await send("/v1/chat/completions", chatBody(question, more), asker)).json() as Promise<Completion>;
    },
    async keyFor(key: NewKey): Promise<{ id: string; key: string }> {
      const response = await send("/v1/keys", key);
      if (response.status !== 201) throw new Error(await response.text());
      return response.json() as Promise<{ id: string; key: string }>;
    },
    /** Uploads a text and waits until it is searchable. */
    async upload(body: object, asker: Ask = {}): Promise<Uploaded> {
      const response = await send("/v1/documents", body, asker);
      if (response.status >= 300) throw new Error(await response.text());
      const uploaded = (await response.json()) as Uploaded;
      await local.worker.idle();
      return uploaded;
    },
    /** Answers counted by outcome, and records. */
    async counts(): Promise<{ answers: Record<string, number>; total: number; records: number }> {
      const answers: Record<string, number> = {};
      for (const { labels, value } of (await metrics.answers.get()).values) answers[String(labels.outcome)] = value;
      const total = Object.values(answers).reduce((a, b) => a + b, 0);
      return { answers, total, records: (await metrics.records.get()).values[0]?.value ?? 0 };
    },
    /** Ends it, and holds every record and tag that was made against its schema. */
    async close(): Promise<void> {
      await local.stop();
      await checkRecords(state.db, lineage.ring);
      await state.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type LocalApp = Awaited<ReturnType<typeof openLocal>>;
export type Uploaded = { document: { id: string; uri: string }; version_id: string; unchanged: boolean };
export type Citation = {
  marker: number;
  answer: { start: number; end: number };
  verified: boolean;
  source: {
    document_id: string;
    version_id: string;
    uri: string;
    title: string;
    start: number;
    end: number;
    quote: string;
  };
};
export type Completion = {
  id: string;
  outcome: string;
  choices: { message: { content: string; annotations: object[] }; finish_reason: string }[];
  citations: Citation[];
  lineage: {
    id: string;
    outcome: string;
    conversation_id: string;
    sources: { document_id?: string; version_id?: string }[];
  };
  error?: { message: string; code: string; param: string | null };
};
export const textOf = (completion: Completion): string => completion.choices[0]?.message.content ?? "";

export type PastAnswer = {
  outcome: string;
  content: string;
  withheld: boolean;
  citations: { source: { status: string; document_id?: string; version_id?: string; quote?: string } }[];
  lineage: { sources: { status: string; document_id?: string; title?: string }[] };
};
