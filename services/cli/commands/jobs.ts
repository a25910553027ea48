import { setTimeout as sleep } from "node:timers/promises";
import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { oneLine } from "../printable.ts";

const ACTIONS = ["list", "show", "retry", "watch"] as const;
const STATES = ["ready", "leased", "done", "dead"] as const;
const PAGE = "200";
const WATCH_MS = 1_000;

type Job = {
  readonly id: string;
  readonly kind: string;
  readonly document_id: string | null;
  readonly state: string;
  readonly step: string | null;
  readonly attempts: number;
  readonly reason: string | null;
  readonly code: string | null;
  readonly created_at: string;
  readonly updated_at: string;
};
type Counts = {
  readonly jobs: { readonly ready: number; readonly leased: number; readonly dead: number };
  readonly jobs_last_minute: number;
  readonly seconds_left: number | null;
};

export const jobs: Command = {
  name: "jobs",
  summary: "list what was given up and why, try it anew, watch what is at work",
  help: `Usage: ./cairn jobs [list] [--state STATE] [--json]
       ./cairn jobs show ID [--json]
       ./cairn jobs retry ID [--json]
       ./cairn jobs retry --all [--json]
       ./cairn jobs watch

list    jobs, those that changed last first: id, kind, state, attempts, reason. By default those that were given up
show    one job: what it is about, how often it was tried, and why it failed
retry   begins a job anew that was given up, or all of them
watch   counts, pace and time left, until nothing is left to do

  --state STATE  ready, leased, done or dead (dead)
  --all          every job that was given up
  --json         print what the jobs API returns

"retry --all" takes the newest ${PAGE}; run it again for more.`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { state: { type: "string" }, all: { type: "boolean" } });
    const [action = "list", ...rest] = positionals;
    const { state = "dead", all = false } = values;
    if (!STATES.includes(state as (typeof STATES)[number]))
      throw new UsageError(`--state is one of ${STATES.join(", ")}.`);
    if (action === "show") return show(idOf(rest, "job"), context);
    if (action === "retry") return all ? retryAll(context) : retry([idOf(rest, "job")], context);
    if (action !== "list" && action !== "watch") {
      const similar = nearest(action, ACTIONS);
      throw new UsageError(`There is no "jobs ${action}".${similar ? ` Did you mean "${similar}"?` : ""}`);
    }
    if (rest.length > 0) throw new UsageError(`"jobs ${action}" takes no arguments.`);
    return action === "watch" ? watch(context) : list(state, context);
  },
};

const jobsOf = async (state: string, { client, signal }: Context): Promise<readonly Job[]> =>
  (await client.call<{ jobs: readonly Job[] }>(`/v1/jobs?${new URLSearchParams({ state, limit: PAGE })}`, signal)).jobs;

async function list(state: string, context: Context): Promise<number> {
  const { output, json } = context;
  const found = await jobsOf(state, context);
  if (json) output.json({ jobs: found });
  for (const { id, kind, state, attempts, reason } of json ? [] : found) {
    output.line(
      `${oneLine(id)}  ${oneLine(kind)}  ${oneLine(state)}  ${attempts} tries  ${oneLine(reason ?? "")}`.trimEnd(),
    );
  }
  if (!json && found.length === 0) output.note(`There are no jobs in the state ${state}.`);
  return 0;
}

async function show(id: string, { client, output, json, signal }: Context): Promise<number> {
  const job = await client.call<Job>(`/v1/jobs/${id}`, signal);
  if (json) {
    output.json(job);
    return 0;
  }
  const fields: readonly (readonly [string, string])[] = [
    ["id", job.id],
    ["kind", job.kind],
    ["document", job.document_id ?? "none"],
    ["state", job.step === null ? job.state : `${job.state}, step ${job.step}`],
    ["tries", String(job.attempts)],
    ["made", job.created_at],
    ["changed", job.updated_at],
    ["reason", job.reason ?? "none"],
    ["code", job.code ?? "none"],
  ];
  for (const [name, value] of fields) output.line(`${name.padEnd(9)} ${oneLine(value)}`);
  if (job.state === "dead") output.line(`Try it anew: ./cairn jobs retry ${oneLine(job.id)}`);
  return 0;
}

async function retryAll(context: Context): Promise<number> {
  const ids = (await jobsOf("dead", context)).map(({ id }) => id);
  if (ids.length === 0) context.output.note("Nothing was given up.");
  return retry(ids, context);
}

async function retry(ids: readonly string[], { client, output, json, signal }: Context): Promise<number> {
  const begun: Job[] = [];
  for (const id of ids) begun.push(await client.call<Job>(`/v1/jobs/${id}/retry`, signal, { method: "POST" }));
  if (json) output.json({ jobs: begun });
  else for (const { id } of begun) output.line(`Begins anew: ${oneLine(id)}`);
  return 0;
}

async function watch({ client, output, json, signal }: Context): Promise<number> {
  let shown = "";
  for (;;) {
    const status = await client.call<Counts>("/v1/ingestion/status", signal);
    const { ready, leased, dead } = status.jobs;
    const left = status.seconds_left === null ? "" : `, about ${status.seconds_left} s left`;
    const line = `${ready} waiting, ${leased} at work, ${dead} given up; ${status.jobs_last_minute} a minute${left}`;
    if (json) output.json(status);
    else if (line !== shown) output.line(line);
    shown = line;
    if (ready + leased === 0) return 0;
    await sleep(WATCH_MS, undefined, { signal });
  }
}
