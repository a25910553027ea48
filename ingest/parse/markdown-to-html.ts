import MarkdownIt, { type Token } from "markdown-it";
import footnotes from "markdown-it-footnote";

/** Elements that would swallow the rest of the page if prose mentions them without a closing tag. */
const SWALLOWS =
  /<(script|style|textarea|title|xmp|iframe|noembed|noframes|noscript|plaintext|template|select|svg|math|object|audio|video|canvas|head|frameset)\b/gi;
/** Begins where the space before it begins: a long gap would be tried from each of its places. */
const HEADING_ID = /(?<!\s)\s*\{#[^{}]*\}\s*$/;
const TASK_MARK = /^\[[ xX]\][ \t]+/;
/** Elements that divide the text. Emphasis and links do not: their words are written as they stand. */
const BLOCK = new Set("p h1 h2 h3 h4 h5 h6 blockquote ul ol li table tr th td".split(" "));

// Notes stay where they are written; bare addresses read the same as text. What is nested in more than a hundred
// elements is left out: texts that are made to take long consist of it, and others do not have it.
const parser = new MarkdownIt({ html: true }).use(footnotes);
parser.disable(["footnote_tail", "footnote_inline"]);

/**
 * Markdown becomes HTML, as on the site it was written for, and then takes the same way as a web page: what raw HTML
 * hides across several paragraphs (`<div hidden>`) is hidden here too.
 */
export function markdownToHtml(markdown: string): string {
  const lower = markdown.toLowerCase();
  const html: string[] = ["<body>"];
  const isClosed = (tag: string) => lower.includes(`</${tag}`);

  function all(tokens: readonly Token[]): void {
    for (const [at, token] of tokens.entries()) write(token, tokens, at);
  }

  function write(token: Token, tokens: readonly Token[], at: number): void {
    switch (token.type) {
      case "inline":
        if (tokens[at - 1]?.type === "heading_open") dropId(token);
        if (tokens[at - 2]?.type === "list_item_open") dropTaskMark(token);
        all(token.children ?? []);
        break;
      case "text":
      case "code_inline":
        return void html.push(escapeHtml(token.content));
      case "code_block":
      case "fence":
        // The parser drops one line break after the tag.
        return void html.push("<pre>\n", escapeHtml(token.content.replace(/\n$/, "")), "</pre>");
      case "html_block":
      case "html_inline":
        return void html.push(tame(token.content, isClosed));
      case "softbreak":
        return void html.push("\n");
      case "hardbreak":
        return void html.push("<br>");
      case "hr":
        return void html.push("<hr>");
      case "image":
        return void html.push(escapeHtml(parser.renderer.renderInlineAsText(token.children ?? [], parser.options, {})));
      case "footnote_reference_open":
        return void html.push("<div>");
      case "footnote_reference_close":
        return void html.push("</div>");
      case "ordered_list_open":
        return void html.push(`<ol start="${token.attrGet("start") ?? 1}">`);
      default:
        // A table needs no head: its rows are all alike here.
        if (BLOCK.has(token.tag)) html.push(`<${token.nesting < 0 ? "/" : ""}${token.tag.replace("th", "td")}>`);
    }
  }

  all(parser.parse(markdown, {}));
  return html.join("");
}

/** `## Title {#title}`: the id is for links, not for readers. */
function dropId({ children }: Token): void {
  const last = children?.at(-1);
  if (last?.type === "text") last.content = last.content.replace(HEADING_ID, "");
}

function dropTaskMark({ children }: Token): void {
  const first = children?.[0];
  if (first?.type === "text") first.content = first.content.replace(TASK_MARK, "");
}

function tame(html: string, isClosed: (tag: string) => boolean): string {
  return html.replace(SWALLOWS, (open, tag: string) => (isClosed(tag.toLowerCase()) ? open : `&lt;${tag}`));
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
