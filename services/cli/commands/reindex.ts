import { setTimeout as sleep } from "node:timers/promises";
import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import { oneLine } from "../printable.ts";

const POLL_MS = 500;
const ACTIONS = ["status", "promote", "rollback", "drop"] as const;
type Action = (typeof ACTIONS)[number];

type Report = {
  readonly failed: readonly { readonly version_id: string; readonly reason: string }[];
  readonly questions?: number;
  readonly overlap?: number;
  readonly by_vectors?: number;
  readonly ndcg_before?: number;
  readonly ndcg_after?: number;
};
type Reindex = {
  readonly generation: string;
  readonly state: string;
  readonly done: number;
  readonly total: number;
  readonly report: Report;
};
type Generations = {
  readonly generations: readonly {
    readonly id: string;
    readonly status: string;
    readonly manifest: Readonly<Record<string, string>>;
  }[];
  readonly reindexes: readonly Reindex[];
};

export const reindex: Command = {
  name: "reindex",
  summary: "build the search index anew beside the live one, and switch",
  help: `Usage: ./cairn reindex [--detach] [--json]
       ./cairn reindex status [--json]
       ./cairn reindex promote GENERATION [--force]
       ./cairn reindex rollback GENERATION
       ./cairn reindex drop GENERATION

reindex   builds a new generation from the stored documents, while the live one answers; then compares both
status    the generations that there are, and those in the making
promote   makes a finished generation live, in one step
rollback  makes the one live again that was so before GENERATION
drop      deletes a generation that is not live, or gives up one that is being built

  --detach  do not wait until it is built
  --force   promote although some documents could not be read again
  --json    print what the API returns

For administrators of the tenant "local".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { detach: { type: "boolean" }, force: { type: "boolean" } });
    const [action, ...rest] = positionals;
    if (action === undefined) return build(values.detach ?? false, context);
    if (!ACTIONS.includes(action as Action)) throw new UsageError(`There is no "reindex ${action}".`);
    if (action === "status") return list(context);
    const id = idOf(rest, "generation");
    if (action === "drop") return drop(id, context);
    return switchTo(action as "promote" | "rollback", id, values.force ?? false, context);
  },
};

async function build(detach: boolean, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  let row = await client.call<Reindex>("/v1/index/reindexes", signal, { method: "POST" });
  if (!json) output.line(`Building the generation ${row.generation} from ${row.total} documents.`);
  let shown = "";
  while (!detach && row.state === "building") {
    await sleep(POLL_MS, undefined, { signal });
    row = await client.call<Reindex>(`/v1/index/reindexes/${row.generation}`, signal);
    const line = `  ${row.done} of ${row.total}`;
    if (!json && line !== shown) output.note(line);
    shown = line;
  }
  if (json) output.json(row);
  else if (!detach) show(row, context);
  return 0;
}

function show({ generation, state, report }: Reindex, { output }: Context): void {
  output.line(`The generation ${generation} is ${oneLine(state)}.`);
  if (report.questions) {
    const { questions, by_vectors = 0, overlap = 0, ndcg_before = 0, ndcg_after = 0 } = report;
    const legs = by_vectors > 0 ? `, ${by_vectors} of them searched by meaning, too` : "";
    output.line(
      `Of ${questions} recorded questions${legs}: ${Math.round(100 * overlap)} % of the first ten documents are the same; ` +
        `nDCG@10 by what the answers cite ${ndcg_before.toFixed(3)} before, ${ndcg_after.toFixed(3)} after.`,
    );
  }
  for (const { version_id, reason } of report.failed)
    output.line(`  not readable: ${oneLine(version_id)}: ${oneLine(reason)}`);
  if (state === "ready") output.line(`Make it live: ./cairn reindex promote ${generation}`);
}

async function list({ client, output, json, signal }: Context): Promise<number> {
  const found = await client.call<Generations>("/v1/index/generations", signal);
  if (json) {
    output.json(found);
    return 0;
  }
  const making = new Map(found.reindexes.map((row) => [row.generation, row]));
  for (const { id, status, manifest } of found.generations) {
    const row = making.get(id);
    const progress = row?.state === "building" ? `${row.done} of ${row.total}` : (row?.state ?? "");
    output.line([id, status.padEnd(8), ...Object.values(manifest), progress].map(oneLine).join("  "));
  }
  return 0;
}

async function switchTo(action: "promote" | "rollback", id: string, force: boolean, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  const body = action === "promote" ? { json: { force } } : {};
  const row = await client.call<Reindex>(`/v1/index/reindexes/${id}/${action}`, signal, { method: "POST", ...body });
  if (json) output.json(row);
  else
    output.line(action === "promote" ? `The generation ${id} is live.` : `The generation before ${id} is live again.`);
  return 0;
}

async function drop(id: string, { client, output, json, signal }: Context): Promise<number> {
  await client.call(`/v1/index/generations/${id}`, signal, { method: "DELETE" });
  if (json) output.json({ dropped: id });
  else output.line(`The generation ${id} is gone.`);
  return 0;
}
