import { ApiError } from "../client.ts";
import { type Command, type Context, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

type Job = { readonly document_id: string | null; readonly reason: string | null; readonly code: string | null };
type Ingestion = {
  readonly documents: { readonly total: number; readonly searchable: number };
  readonly jobs: { readonly ready: number; readonly leased: number; readonly done: number; readonly dead: number };
  readonly jobs_last_minute: number;
  readonly seconds_left: number | null;
  readonly oldest_waiting_seconds: number | null;
  readonly stuck: number;
  /** Servers before this one do not tell. */
  readonly waiting_for?: readonly { readonly reason: string; readonly jobs: number }[];
  readonly last_failures: readonly Job[];
};
type Index = {
  readonly generations: readonly { readonly id: string; readonly status: string }[];
  readonly reindexes: readonly {
    readonly generation: string;
    readonly state: string;
    readonly done: number;
    readonly total: number;
  }[];
};
type Source = {
  readonly id: string;
  readonly location: string;
  readonly state: string;
  readonly problem: { readonly message: string } | null;
};
type Readiness = { readonly status: string; readonly checks: Readonly<Record<string, string>> };

export const status: Command = {
  name: "status",
  summary: "show whether Cairn is ready, and its documents and jobs",
  help: `Usage: ./cairn status [--json]

Shows whether Cairn is ready, how many documents are searchable, what is at work, what waits and for what, what was
given up and why, which generation of the index is live, and which sources are being synced or failed.
Documents and jobs are shown to keys with the scope "ingest".

Exit code: 0 ready, 1 not ready or not reachable.`,
  async run(args, context) {
    const { positionals } = parseFlags(args, {});
    if (positionals.length > 0) throw new UsageError("This command takes no arguments.");
    const { client, output, json, signal } = context;
    const ready = await readiness(context);
    const allowed = <T>(path: string): Promise<T | undefined> =>
      client.call<T>(path, signal).catch((error: unknown) => {
        if (error instanceof ApiError && (error.code === "forbidden" || error.code === "not_found")) return undefined;
        throw error;
      });
    const ingestion = await allowed<Ingestion>("/v1/ingestion/status");
    const index = await allowed<Index>("/v1/index/generations");
    const sources = (await allowed<{ sources: readonly Source[] }>("/v1/sources"))?.sources;
    if (json)
      output.json({
        ...{ url: client.url, readiness: ready ?? null, ingestion: ingestion ?? null, index: index ?? null },
        sources: sources ?? null,
      });
    else {
      await show(ready, ingestion, context);
      if (index) showIndex(index, context);
      if (sources) showSources(sources, context);
    }
    return ready === undefined || ready.status === "ok" ? 0 : 1;
  },
};

/** `undefined` where probes have a port of their own, as they do on a cluster. */
async function readiness({ client, signal }: Context): Promise<Readiness | undefined> {
  const { status, body } = await client.look<Readiness | undefined>("/readyz", signal);
  return status === 200 || status === 503 ? body : undefined;
}

async function show(ready: Readiness | undefined, ingestion: Ingestion | undefined, context: Context): Promise<void> {
  const { client, output } = context;
  const checks = Object.entries(ready?.checks ?? {}).map(([name, state]) => `${name}: ${state}`);
  const state = ready === undefined ? "answers" : ready.status === "ok" ? "is ready" : `is not ready: ${ready.status}`;
  output.line(oneLine(`Cairn at ${client.url} ${state}${checks.length > 0 ? ` (${checks.join(", ")})` : ""}`));
  if (!ingestion) {
    output.line('Documents and jobs are not shown: the key does not have the scope "ingest".');
    return;
  }
  const { documents, jobs, last_failures } = ingestion;
  output.line(`Documents: ${documents.total}, searchable: ${documents.searchable}`);
  output.line(`Jobs: ${jobs.ready} waiting, ${jobs.leased} at work, ${jobs.done} done, ${jobs.dead} given up`);
  const left = jobs.ready + jobs.leased;
  if (left > 0) {
    const pace = `${ingestion.jobs_last_minute} a minute`;
    const time = ingestion.seconds_left === null ? "" : `, about ${durationOf(ingestion.seconds_left)} left`;
    const oldest = ingestion.oldest_waiting_seconds;
    output.line(`  pace: ${pace}${time}${oldest === null ? "" : `; the oldest has waited ${durationOf(oldest)}`}`);
  }
  if (ingestion.stuck > 0) output.line(`  ${ingestion.stuck} lost their worker and are taken by another one soon`);
  for (const { reason, jobs: held } of ingestion.waiting_for ?? []) output.line(`  ${held} wait: ${oneLine(reason)}`);
  if (last_failures.length > 0) output.line("Given up:");
  for (const job of last_failures) {
    output.line(`  ${await nameOf(job, context)}: ${oneLine(job.reason ?? job.code ?? "no reason known")}`);
  }
}

function showIndex({ generations, reindexes }: Index, { output }: Context): void {
  const live = generations.find(({ status }) => status === "live");
  const others = generations.length - 1;
  output.line(
    `Index: generation ${oneLine(live?.id ?? "none")} is live${others > 0 ? `, ${others} more are kept` : ""}`,
  );
  for (const { generation, state, done, total } of reindexes) {
    if (state === "building") output.line(`  being built: ${oneLine(generation)}, ${done} of ${total}`);
    if (state === "ready") output.line(`  ready: ./cairn reindex promote ${oneLine(generation)}`);
  }
}

function showSources(sources: readonly Source[], { output }: Context): void {
  if (sources.length > 0) output.line(`Sources: ${sources.length}`);
  for (const { id, location, state, problem } of sources) {
    if (state !== "idle") output.line(`  ${oneLine(`${state}: ${location} (${id})`)}`);
    if (problem) output.line(`  ${oneLine(`${location} (${id}): ${problem.message}`)}`);
  }
}

/** Seconds in the unit that a person would choose. */
const durationOf = (seconds: number): string =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;

async function nameOf({ document_id }: Job, { client, signal }: Context): Promise<string> {
  if (document_id === null) return "a document";
  const document = await client
    .call<{ uri: string }>(`/v1/documents/${document_id}`, signal)
    .catch((error: unknown) => {
      if (error instanceof ApiError) return undefined;
      throw error;
    });
  return document ? oneLine(document.uri) : `${oneLine(document_id)} (deleted)`;
}
