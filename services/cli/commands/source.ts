import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, type Context, idOf, listOf, parseFlags, UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { oneLine } from "../printable.ts";

const POLL_MS = 500;
const KINDS = ["folder", "git", "web", "s3"];
const OPTIONS = {
  collection: { type: "string" },
  acl: { type: "string" },
  schedule: { type: "string" },
  timezone: { type: "string" },
  sitemap: { type: "boolean" },
  crawl: { type: "boolean" },
  pages: { type: "string" },
  depth: { type: "string" },
  "dry-run": { type: "boolean" },
  "allow-removals": { type: "boolean" },
  detach: { type: "boolean" },
  "with-documents": { type: "boolean" },
} as const;
type Values = {
  readonly [K in keyof typeof OPTIONS]?: (typeof OPTIONS)[K]["type"] extends "string" ? string : boolean;
};
const BELONG: Readonly<Record<string, readonly string[]>> = {
  add: ["collection", "acl", "schedule", "timezone", "sitemap", "crawl", "pages", "depth"],
  list: [],
  sync: ["dry-run", "allow-removals", "detach"],
  remove: ["with-documents"],
};

type Counts = {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
};
type Report = Counts & {
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly skipped_total?: number;
  readonly held?: number;
  readonly cut?: string;
  readonly plan?: Readonly<Record<"added" | "changed" | "removed", readonly string[]>>;
};
type Source = {
  readonly id: string;
  readonly kind: string;
  readonly location: string;
  readonly collection: string;
  readonly acl: readonly string[];
  readonly schedule: string | null;
  readonly timezone: string | null;
  readonly next_sync_at: string | null;
  readonly state: "idle" | "queued" | "running";
  readonly progress: Partial<Counts> | null;
  readonly report: Report | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly synced_at: string | null;
};

export const source: Command = {
  name: "source",
  summary: "add, list, sync or remove places that documents come from",
  help: `Usage: ./cairn source add KIND LOCATION [--collection NAME] [--acl LIST] [--schedule CRON [--timezone ZONE]]
       ./cairn source list [--json]
       ./cairn source sync ID [--dry-run] [--allow-removals] [--detach] [--json]
       ./cairn source remove ID [--with-documents] [--json]

KIND       folder, git (a working tree), web (a page, or a site) or s3
LOCATION   a path on the server's machine, https://…, or s3://BUCKET/PREFIX

add      adds it, or changes its schedule and limits; nothing is taken in before the first sync
sync     takes in what is new or changed, deletes what is gone, and waits for the end
remove   ends it; its documents stay unless --with-documents is given

  --collection NAME  where its documents go (default)
  --acl LIST         who may read them: tenant, user:NAME, group:NAME (tenant)
  --schedule CRON    syncs by itself, five fields: "0 3 * * *" is every day at three
  --timezone ZONE    which clock the schedule means, such as Europe/Berlin (UTC)
  --sitemap          web: LOCATION is a sitemap, its pages are taken in
  --crawl            web: follow links on the same site
  --pages NUMBER     web: read at most so many pages (500)
  --depth NUMBER     web: follow links so far from the first page (5)
  --dry-run          tell what a sync would do, and do nothing
  --allow-removals   delete what is gone, even if that is most of it
  --detach           ask for the sync and do not wait
  --with-documents   delete its documents too
  --json             print what the API returns

All of this needs a key with the scope "admin".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, OPTIONS);
    const [action, ...rest] = positionals;
    if (action === undefined || !Object.hasOwn(BELONG, action))
      throw new UsageError(action ? `There is no "source ${action}".` : "Add, list, sync or remove?");
    const misplaced = Object.keys(values).find((name) => name in OPTIONS && !BELONG[action]!.includes(name));
    if (misplaced) throw new UsageError(`--${misplaced} does not belong to "source ${action}".`);
    if (action === "add") return add(rest, values, context);
    if (action === "sync") return sync(idOf(rest, "source"), values, context);
    if (action === "remove") return remove(idOf(rest, "source"), values["with-documents"] ?? false, context);
    if (rest.length > 0) throw new UsageError('"source list" takes no arguments.');
    return list(context);
  },
};

async function add([kind, location, ...more]: readonly string[], values: Values, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  if (kind === undefined || location === undefined || more.length > 0)
    throw new UsageError("What is to be added? Give a kind and one location.");
  if (!KINDS.includes(kind)) {
    const similar = nearest(kind, KINDS);
    throw new UsageError(`There is no kind "${kind}".${similar ? ` Did you mean "${similar}"?` : ""}`);
  }
  const body = {
    kind,
    location: kind === "folder" || kind === "git" ? resolve(location) : location,
    collection: values.collection,
    acl: listOf(values.acl),
    schedule: values.schedule,
    timezone: values.timezone,
    web: webOf(kind, values),
  };
  const added = await client.call<Source>("/v1/sources", signal, { method: "POST", json: body });
  if (json) output.json(added);
  else {
    output.line(oneLine(`${added.id}  ${added.kind}  ${added.location}`));
    const when = added.next_sync_at ? `Its first sync by schedule is at ${added.next_sync_at}. Now` : "Take it in";
    output.note(oneLine(`${when}: ./cairn source sync ${added.id}`));
  }
  return 0;
}

function webOf(kind: string, { sitemap, crawl, pages, depth }: Values): object | undefined {
  const given = sitemap || crawl || pages !== undefined || depth !== undefined;
  if (!given) return undefined;
  if (kind !== "web") throw new UsageError("--sitemap, --crawl, --pages and --depth belong to the kind web.");
  if (sitemap && crawl) throw new UsageError("Give --sitemap or --crawl, not both.");
  return {
    mode: sitemap ? "sitemap" : crawl ? "crawl" : "page",
    max_pages: numberOf("pages", pages),
    max_depth: numberOf("depth", depth),
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not "${text}".`);
  return Number(text);
}

async function list({ client, output, json, signal }: Context): Promise<number> {
  const found = await client.call<{ sources: readonly Source[] }>("/v1/sources", signal);
  if (json) output.json(found);
  else for (const one of found.sources) for (const line of linesOf(one)) output.line(line);
  if (!json && found.sources.length === 0) output.note("There is no source yet.");
  return 0;
}

function linesOf(one: Source): string[] {
  const state = one.state === "idle" ? (one.synced_at ? `synced ${one.synced_at}` : "never synced") : one.state;
  const plan = one.schedule ? [`next ${one.next_sync_at ?? "never"} (${one.schedule} ${one.timezone})`] : [];
  const head = [one.id, one.kind, one.location, one.collection, one.acl.join(","), state, ...plan]
    .map(oneLine)
    .join("  ");
  const progress = one.state === "running" ? [`  ${countsOf(one.progress ?? {})} so far`] : [];
  return [head, ...progress, ...(one.problem ? [`  ${oneLine(one.problem.message)}`] : [])];
}

const countsOf = ({ added = 0, changed = 0, removed = 0, unchanged = 0 }: Partial<Counts>): string =>
  `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;

async function sync(id: string, values: Values, context: Context): Promise<number> {
  const { client, output, json, signal } = context;
  const body = { dry_run: values["dry-run"] ?? false, allow_removals: values["allow-removals"] ?? false };
  let now = await client.call<Source>(`/v1/sources/${id}/sync`, signal, { method: "POST", json: body });
  let shown = "";
  while (!values.detach && now.state !== "idle") {
    await sleep(POLL_MS, undefined, { signal });
    now = await client.call<Source>(`/v1/sources/${id}`, signal);
    const line = now.progress ? `  ${countsOf(now.progress)}` : "";
    if (!json && line !== shown) output.note(line);
    shown = line;
  }
  if (json) output.json(now);
  else if (!values.detach) show(now, body.dry_run, context);
  if (values.detach) return 0;
  return now.report !== null && (now.problem === null || body.dry_run) ? 0 : 1;
}

function show({ report, problem }: Source, dryRun: boolean, { output }: Context): void {
  if (report) {
    output.line(`${dryRun ? "It would be: " : ""}${countsOf(report)}`);
    for (const [what, uris] of Object.entries(report.plan ?? {}))
      for (const uri of uris) output.line(oneLine(`  ${what}: ${uri}`));
    for (const { path, reason } of report.skipped) output.note(oneLine(`  skipped ${path}: ${reason}`));
    const more = (report.skipped_total ?? 0) - report.skipped.length;
    if (more > 0) output.note(`  and ${more} more`);
    if (report.cut) output.note(oneLine(report.cut));
    if (dryRun && report.held)
      output.note(`${report.held} documents are gone; only --allow-removals would delete them.`);
  }
  if (problem && !(report && dryRun)) output.note(oneLine(problem.message));
}

async function remove(id: string, withDocuments: boolean, { client, output, json, signal }: Context): Promise<number> {
  const query = withDocuments ? "?documents=delete" : "";
  const removed = await client.call<{ documents_removed: number }>(`/v1/sources/${id}${query}`, signal, {
    method: "DELETE",
  });
  if (json) output.json(removed);
  else
    output.line(
      withDocuments
        ? `The source ${id} and ${removed.documents_removed} documents are removed.`
        : `The source ${id} is removed. Its documents stay.`,
    );
  return 0;
}
