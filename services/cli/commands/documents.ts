import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { oneLine } from "../printable.ts";

const PAGE = 200;
const ACTIONS = ["list", "show", "delete"] as const;

type Document = {
  readonly id: string;
  readonly uri: string;
  readonly title: string;
  readonly collection: string;
  readonly acl: readonly string[];
  readonly state: string;
  readonly created_by: string;
  readonly updated_at: string;
};
type Page = { readonly documents: readonly Document[]; readonly next_cursor: string | null };
type Version = {
  readonly id: string;
  readonly state: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly passages: number | null;
  readonly reason: string | null;
  readonly created_at: string;
};

export const documents: Command = {
  name: "documents",
  summary: "list, show or delete documents",
  help: `Usage: ./cairn documents [list] [--collection NAME] [--json]
       ./cairn documents show ID [--json]
       ./cairn documents delete ID [--json]

list     the documents that you may see, newest first: id, state, title, address
show     one document with its versions, and why one could not be read
delete   hides a document at once; its content is removed after that

  --collection NAME   list only this collection
  --json              print what the documents API returns; "list" prints all pages as one`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { collection: { type: "string" } });
    const [action = "list", ...rest] = positionals;
    if (values.collection !== undefined && action !== "list") {
      throw new UsageError('--collection belongs to "documents list".');
    }
    if (action === "show") return show(idOf(rest, "document"), context);
    if (action === "delete") return remove(idOf(rest, "document"), context);
    if (action !== "list") {
      const similar = nearest(action, ACTIONS);
      throw new UsageError(`There is no "documents ${action}".${similar ? ` Did you mean "${similar}"?` : ""}`);
    }
    if (rest.length > 0) throw new UsageError('"documents list" takes no arguments.');
    return list(values.collection, context);
  },
};

async function list(collection: string | undefined, { client, output, json, signal }: Context): Promise<number> {
  const all: Document[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (collection !== undefined) query.set("collection", collection);
    if (cursor !== null) query.set("cursor", cursor);
    const page: Page = await client.call<Page>(`/v1/documents?${query}`, signal);
    all.push(...page.documents);
    if (!json) for (const document of page.documents) output.line(lineOf(document));
    cursor = page.next_cursor;
  } while (cursor !== null);
  if (json) output.json({ documents: all });
  else if (all.length === 0) output.note("There are no documents that you may see. Add some with ./cairn ingest PATH.");
  return 0;
}

const lineOf = ({ id, state, title, uri }: Document): string =>
  `${oneLine(id)}  ${oneLine(state).padEnd(7)}  ${oneLine(title)}  (${oneLine(uri)})`;

async function show(id: string, { client, output, json, signal }: Context): Promise<number> {
  const found = await client.call<Document & { versions: readonly Version[] }>(`/v1/documents/${id}`, signal);
  if (json) {
    output.json(found);
    return 0;
  }
  const fields: readonly (readonly [string, string])[] = [
    ["id", found.id],
    ["title", found.title],
    ["address", found.uri],
    ["collection", found.collection],
    ["readers", found.acl.join(", ")],
    ["state", found.state],
    ["brought by", found.created_by],
    ["changed", found.updated_at],
  ];
  for (const [name, value] of fields) output.line(`${name.padEnd(11)} ${oneLine(value)}`);
  output.line("versions");
  for (const { id: version, state, media_type, bytes, passages, reason, created_at } of found.versions) {
    const size = `${bytes} bytes${passages === null ? "" : `, ${passages} passages`}`;
    output.line([version, state, created_at, media_type, size].map(oneLine).join("  "));
    if (reason !== null) output.line(`  ${oneLine(reason)}`);
  }
  return 0;
}

async function remove(id: string, { client, output, json, signal }: Context): Promise<number> {
  const deleted = await client.call<object>(`/v1/documents/${id}`, signal, { method: "DELETE" });
  if (json) output.json(deleted);
  else output.line(`Deleted ${id}: no answer uses it any more.`);
  return 0;
}
