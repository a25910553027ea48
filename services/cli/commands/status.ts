import { ApiError } from "../client.ts";
import { type Command, type Context, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

type Job = { readonly document_id: string | null; readonly reason: string | null; readonly code: string | null };
type Ingestion = {
  readonly documents: { readonly total: number; readonly searchable: number };
  readonly jobs: { readonly ready: number; readonly leased: number; readonly done: number; readonly dead: number };
  readonly last_failures: readonly Job[];
};
type Readiness = { readonly status: string; readonly checks: Readonly<Record<string, string>> };

export const status: Command = {
  name: "status",
  summary: "show whether Cairn is ready, and its documents and jobs",
  help: `Usage: ./cairn status [--json]

Shows whether Cairn is ready, how many documents are searchable, and which could not be read and why.
Documents and jobs are shown to keys with the scope "ingest".

Exit code: 0 ready, 1 not ready or not reachable.`,
  async run(args, context) {
    const { positionals } = parseFlags(args, {});
    if (positionals.length > 0) throw new UsageError("This command takes no arguments.");
    const { client, output, json, signal } = context;
    const ready = await readiness(context);
    const ingestion = await client.call<Ingestion>("/v1/ingestion/status", signal).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === "forbidden") return undefined;
      throw error;
    });
    if (json) output.json({ url: client.url, readiness: ready ?? null, ingestion: ingestion ?? null });
    else await show(ready, ingestion, context);
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
  if (last_failures.length > 0) output.line("Last failures:");
  for (const job of last_failures) {
    output.line(`  ${await nameOf(job, context)}: ${oneLine(job.reason ?? job.code ?? "no reason known")}`);
  }
}

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
