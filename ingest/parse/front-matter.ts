import { parse } from "yaml";

/** Longer than any real one; a document that only starts with a rule is not searched for an end. */
const MAX_FRONT_MATTER_LENGTH = 65_536;
const OPEN = /^(---|\+\+\+)[ \t]*\n/;
const TOML_TITLE = /^title\s*=\s*["'](.*)["']\s*$/m;

/** Splits a document's metadata from its body; metadata is never part of the text. */
export function splitFrontMatter(markdown: string): { title: unknown; body: string } {
  const none = { title: undefined, body: markdown };
  const mark = OPEN.exec(markdown);
  if (!mark) return none;
  const fence = mark[1]!;
  const head = markdown.slice(mark[0].length - 1, MAX_FRONT_MATTER_LENGTH);
  const close = new RegExp(`\\n${fence === "---" ? "---" : "\\+\\+\\+"}[ \\t]*(\\n|$)`).exec(head);
  if (!close) return none;
  const meta = head.slice(0, close.index);
  const body = markdown.slice(mark[0].length - 1 + close.index + close[0].length);
  if (fence === "+++") return { title: TOML_TITLE.exec(meta)?.[1], body };
  const title = yamlTitle(meta);
  // Two horizontal rules with prose between them are no metadata.
  return title === NOT_YAML ? none : { title, body };
}

const NOT_YAML = Symbol("not YAML");

function yamlTitle(meta: string): unknown {
  try {
    const value: unknown = parse(meta, { maxAliasCount: 0, logLevel: "silent" });
    if (value === null) return undefined;
    if (typeof value !== "object") return NOT_YAML;
    return "title" in value ? value.title : undefined;
  } catch {
    // Site generators are lenient: keep the metadata out of the text even where it is not valid YAML.
    if (!/^\s*[\w-]+:/.test(meta)) return NOT_YAML;
    return /^title:\s*["']?(.*?)["']?\s*$/m.exec(meta)?.[1];
  }
}
