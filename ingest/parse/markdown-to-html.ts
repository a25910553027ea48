import type { Nodes, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** To find bare addresses costs a fifth of the time, and as links they read the same. */
const BARE_URLS_ARE_TEXT = { disable: { null: ["wwwAutolink", "protocolAutolink", "emailAutolink"] } };
const MDAST_EXTENSIONS = gfmFromMarkdown().map(({ transforms: _, ...extension }) => extension);

/** Elements that would swallow the rest of the page if prose mentions them without a closing tag. */
const SWALLOWS =
  /<(script|style|textarea|title|xmp|iframe|noembed|noframes|noscript|plaintext|template|select|svg|math|object|audio|video|canvas|head|frameset)\b/gi;
const HEADING_ID = /\s*\{#[^{}]*\}\s*$/;
const TAG: Readonly<Record<string, string>> = {
  paragraph: "p",
  blockquote: "blockquote",
  listItem: "li",
  tableRow: "tr",
  tableCell: "td",
};

/**
 * Markdown becomes HTML, as on the site it was written for, and then takes the same way as a web page: what raw HTML
 * hides across several paragraphs (`<div hidden>`) is hidden here too.
 */
export function markdownToHtml(markdown: string): string {
  const tree = fromMarkdown(markdown, { extensions: [gfm(), BARE_URLS_ARE_TEXT], mdastExtensions: MDAST_EXTENSIONS });
  const lower = markdown.toLowerCase();
  const html: string[] = ["<body>"];
  const isClosed = (tag: string) => lower.includes(`</${tag}`);

  function all(nodes: readonly Nodes[]): void {
    for (const node of nodes) write(node);
  }

  function write(node: Nodes): void {
    switch (node.type) {
      case "text":
        return void html.push(escapeHtml(node.value));
      case "inlineCode":
        return void html.push(escapeHtml(node.value));
      case "code":
        // The parser drops one line break after the tag.
        return void html.push("<pre>\n", escapeHtml(node.value), "</pre>");
      case "html":
        return void html.push(tame(node.value, isClosed));
      case "break":
        return void html.push("<br>");
      case "thematicBreak":
        return void html.push("<hr>");
      case "image":
      case "imageReference":
        return void html.push(escapeHtml(node.alt ?? ""));
      case "heading":
        dropId(node.children);
        return void wrap(`h${node.depth}`, node.children);
      case "list":
        html.push(node.ordered ? `<ol start="${node.start ?? 1}">` : "<ul>");
        all(node.children);
        return void html.push(node.ordered ? "</ol>" : "</ul>");
      case "table":
        return void wrap("table", node.children);
      case "footnoteDefinition":
        return void wrap("div", node.children);
      case "definition":
      case "footnoteReference":
      case "yaml":
        return;
      default: {
        const tag = TAG[node.type];
        return void (tag ? wrap(tag, node.children) : all(node.children));
      }
    }
  }

  function wrap(tag: string, children: readonly Nodes[]): void {
    html.push(`<${tag}>`);
    all(children);
    html.push(`</${tag}>`);
  }

  all(tree.children);
  return html.join("");
}

/** `## Title {#title}`: the id is for links, not for readers. */
function dropId(children: readonly RootContent[]): void {
  const last = children.at(-1);
  if (last?.type === "text") last.value = last.value.replace(HEADING_ID, "");
}

function tame(html: string, isClosed: (tag: string) => boolean): string {
  return html.replace(SWALLOWS, (open, tag: string) => (isClosed(tag.toLowerCase()) ? open : `&lt;${tag}`));
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
