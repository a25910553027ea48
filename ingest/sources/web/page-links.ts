import { type Token, Tokenizer, TokenizerMode } from "parse5";
import { linkedUrl } from "./web-url.ts";

/** Beyond these a page is a list, and its site has a sitemap or other pages. */
const MAX_LINKS = 1000;

export type PageLinks = {
  /** Absolute http(s) addresses without fragment, each once; none where the page asks not to follow any. */
  readonly links: readonly string[];
  readonly canonical: string | undefined;
  readonly noindex: boolean;
};

/** Elements whose content is text, in the mode that reads it. https://html.spec.whatwg.org/#parsing-html-fragments */
const TEXT_MODES: Readonly<Record<string, Tokenizer["state"]>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
};

/**
 * Where an HTML page leads to, and what it asks of crawlers. Reads tokens and builds no tree: nesting of any depth
 * costs nothing. `robotsHeader` is its `X-Robots-Tag`.
 */
export function pageLinks(html: string, pageUrl: string, robotsHeader = ""): PageLinks {
  const hrefs: string[] = [];
  let base = pageUrl;
  let hasBase = false;
  let canonical: string | undefined;
  let wishes = robotsHeader.toLowerCase();

  function onStartTag({ tagName, attrs }: Token.TagToken): void {
    const mode = TEXT_MODES[tagName];
    if (mode !== undefined && Object.hasOwn(TEXT_MODES, tagName)) tokenizer.state = mode;
    const attribute = (name: string): string => attrs.find((one) => one.name === name)?.value ?? "";
    const rel = (): readonly string[] => attribute("rel").toLowerCase().split(/\s+/);
    if (tagName === "base" && !hasBase && attribute("href") !== "") {
      hasBase = true;
      base = linkedUrl(attribute("href"), pageUrl)?.href ?? pageUrl;
    } else if (tagName === "meta" && /^(robots|cairn)$/i.test(attribute("name"))) {
      wishes += `,${attribute("content").toLowerCase()}`;
    } else if (tagName === "link" && rel().includes("canonical")) {
      canonical ??= attribute("href");
    } else if ((tagName === "a" || tagName === "area") && hrefs.length < MAX_LINKS && !rel().includes("nofollow")) {
      if (attribute("href") !== "") hrefs.push(attribute("href"));
    }
  }
  const nothing = (): void => {};
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag,
      onEndTag: nothing,
      onComment: nothing,
      onDoctype: nothing,
      onCharacter: nothing,
      onNullCharacter: nothing,
      onWhitespaceCharacter: nothing,
      onEof: nothing,
    },
  );
  tokenizer.write(html, true);
  const asks = (what: string): boolean => wishes.split(/[\s,:;]+/).some((word) => word === what || word === "none");
  const links = hrefs.flatMap((href) => linkedUrl(href, base)?.href ?? []);
  return {
    links: asks("nofollow") ? [] : [...new Set(links)],
    canonical: canonical === undefined ? undefined : linkedUrl(canonical, base)?.href,
    noindex: asks("noindex"),
  };
}
