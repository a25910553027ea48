/** A shortcode's tag is one line or a few; without a bound, unclosed ones would make the search quadratic. */
const MAX_TAG_LENGTH = 4_000;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^\s"]+))|"([^"]*)"|([^\s"=]+)/g;
const INNER_CODE = new Set(["highlight", "mermaid", "code", "tab"]);
const FENCE = "~~~~~~";

/** Titles that Hugo sites take from their translations: English, Chinese. */
const HEADINGS: Readonly<Record<string, readonly [string, string]>> = {
  objectives: ["Objectives", "教程目标"],
  prerequisites: ["Prerequisites", "准备开始"],
  whatsnext: ["What's next", "接下来"],
  cleanup: ["Cleanup", "清理"],
  seealso: ["See also", "另请参见"],
  synopsis: ["Synopsis", "概要"],
  options: ["Options", "选项"],
  parentoptions: ["Options inherited from parent commands", "从父命令继承的选项"],
  examples: ["Examples", "示例"],
  feedback: ["Feedback", "反馈"],
};

type Tag = {
  readonly name: string;
  readonly closing: boolean;
  readonly named: ReadonlyMap<string, string>;
  readonly first: string;
};

/** Replaces Hugo shortcodes by the words that they show and drops their markup; what is between two tags stays. */
export function expandShortcodes(markdown: string): string {
  if (!markdown.includes("{{")) return markdown;
  const chinese = isChinese(markdown);
  const kept: string[] = [];
  const codeTags: string[] = [];
  let at = 0;
  for (;;) {
    const open = nextTag(markdown, at);
    if (open < 0) break;
    const close = closeOf(markdown, open);
    kept.push(markdown.slice(at, open));
    if (close < 0) {
      kept.push(markdown.slice(open, open + 3));
      at = open + 3;
      continue;
    }
    at = close + 3;
    const body = markdown.slice(open + 3, close).trim();
    if (body.startsWith("/*")) {
      // Escaped: the page shows the shortcode itself.
      kept.push(
        `${markdown.slice(open, open + 3)} ${body.slice(2).replace(/\*\/$/, "").trim()} ${markdown.slice(close, at)}`,
      );
      continue;
    }
    const tag = readTag(body);
    if (tag.name === "comment" && !tag.closing) {
      at = endOfHidden(markdown, at);
      continue;
    }
    const margin = marginBefore(markdown, open);
    if (tag.closing) {
      if (codeTags.at(-1) === tag.name) {
        codeTags.pop();
        kept.push(`\n${margin}${FENCE}\n`);
      }
      continue;
    }
    kept.push(wordsOf(tag, chinese, margin));
    if (hasInnerCode(tag, markdown, at)) {
      codeTags.push(tag.name);
      kept.push(`\n${margin}${FENCE}\n`);
    }
  }
  kept.push(markdown.slice(at));
  return kept.join("");
}

function nextTag(markdown: string, from: number): number {
  let at = from;
  for (;;) {
    const open = markdown.indexOf("{{", at);
    if (open < 0 || markdown[open + 2] === "<" || markdown[open + 2] === "%") return open;
    at = open + 1;
  }
}

function closeOf(markdown: string, open: number): number {
  const mark = markdown[open + 2] === "<" ? ">}}" : "%}}";
  const close = markdown.slice(open + 3, open + MAX_TAG_LENGTH).indexOf(mark);
  return close < 0 ? -1 : open + 3 + close;
}

function readTag(body: string): Tag {
  const [, slash, name = "", rest = ""] = /^(\/?)\s*([\w-]*)(.*)$/s.exec(body)!;
  const named = new Map<string, string>();
  let first = "";
  for (const [, key, quoted, raw, bare, positional, word] of rest.matchAll(ATTRIBUTE)) {
    if (key !== undefined) named.set(key, (quoted ?? raw ?? bare ?? "").replaceAll('\\"', '"'));
    else if (first === "" && word !== "/") first = positional ?? word ?? "";
  }
  return { name, closing: slash === "/", named, first };
}

function wordsOf({ name, named, first }: Tag, chinese: boolean, margin: string): string {
  const value = (key: string) => named.get(key) ?? "";
  switch (name) {
    case "heading":
      return HEADINGS[first]?.[chinese ? 1 : 0] ?? first.slice(0, 1).toUpperCase() + first.slice(1);
    case "glossary_tooltip":
      return value("text") || value("term_id").replaceAll("-", " ");
    case "glossary_definition":
      return [value("prepend"), value("term_id").replaceAll("-", " ")].join(" ").trim();
    case "feature-state":
      return `FEATURE STATE: Kubernetes ${value("for_k8s_version")} [${value("state") || value("feature_gate_name")}]\n`;
    case "codenew":
    case "code_sample":
    case "code":
    case "example":
      return value("file");
    case "tab":
      // A blank line keeps the name out of the tab's first paragraph.
      return `${value("name") || first}\n${margin}`;
    case "figure":
      return [...new Set([value("title"), value("alt"), value("caption")])].filter(Boolean).join("\n");
    case "table":
      return value("caption") && `${value("caption")}\n`;
    case "api-reference":
      return value("page");
    case "ref":
    case "relref":
    case "skew":
    case "param":
    case "include":
    case "tabs":
      return "";
    default:
      return value("text") || value("title") || value("caption") || "";
  }
}

/** Code between two tags must not be read as Markdown: its `#` comments are no headings. */
function hasInnerCode({ name, named }: Tag, markdown: string, after: number): boolean {
  if (!INNER_CODE.has(name) || named.has("file")) return false;
  if (name === "tab" && !named.has("codelang")) return false;
  return new RegExp(`\\{\\{[<%]\\s*/\\s*${name}\\b`).test(markdown.slice(after, after + 50_000));
}

function endOfHidden(markdown: string, from: number): number {
  const close = /\{\{[<%]\s*\/\s*comment\s*[>%]\}\}/g;
  close.lastIndex = from;
  return close.exec(markdown) ? close.lastIndex : from;
}

/** Indentation of the line, so that a list item is not left. */
function marginBefore(markdown: string, open: number): string {
  return /^[ \t]*/.exec(markdown.slice(markdown.lastIndexOf("\n", open - 1) + 1, open))![0];
}

function isChinese(markdown: string): boolean {
  return (markdown.match(/[\u4E00-\u9FFF]/g)?.length ?? 0) > markdown.length / 50;
}
