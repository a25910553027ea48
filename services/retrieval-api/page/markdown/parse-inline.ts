import { safeLink } from "./safe-link.ts";

/** What a line of text is made of. A `mark` stands for the citation at this index of the answer. */
export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "mark"; readonly index: number }
  | { readonly type: "break" }
  | { readonly type: "link"; readonly href: string; readonly host: string; readonly children: readonly Inline[] }
  | { readonly type: "strong" | "em" | "del"; readonly children: readonly Inline[] };

/** Citation marks are private-use characters while a text is parsed; see `mark-citations.ts`. */
export const FIRST_MARK = 0xe000;
export const LAST_MARK = 0xf8ff;

const MAX_LENGTH = 50_000;
const MAX_OPEN = 12;
const MAX_LINK_DEPTH = 2;
const MAX_HREF = 2000;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const BARE_LINK = /https?:\/\/[^\s<>\u3000-\u303f\uff00-\uffef]{1,2000}/y;
const ENTITY = /&(?:lt|gt|amp|quot|nbsp|#39);/y;
const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&nbsp;": "\u00a0",
  "&#39;": "'",
};
const WORD = /[\p{L}\p{N}]/u;

type Open = { readonly delimiter: string; readonly children: Inline[] };

/** The parts of one block's text, in linear time. What is not well formed stays as the characters that it is. */
export function parseInline(text: string, depth = 0): Inline[] {
  if (text.length > MAX_LENGTH) return marksAndText(text);
  const brackets = pairsOf(text);
  const ticks = tickRuns(text);
  const open: Open[] = [{ delimiter: "", children: [] }];
  let plain = "";

  const children = (): Inline[] => open.at(-1)!.children;
  const flush = (): void => {
    if (plain !== "") children().push({ type: "text", text: plain });
    plain = "";
  };
  const add = (node: Inline): void => {
    flush();
    children().push(node);
  };
  /** Ends the innermost span with this delimiter; what was opened inside it and not closed is text. */
  const close = (delimiter: string): void => {
    flush();
    const at = open.findLastIndex((one) => one.delimiter === delimiter);
    const inner: Inline[] = [];
    for (const [i, one] of open.splice(at).entries()) {
      if (i > 0) inner.push({ type: "text", text: one.delimiter });
      inner.push(...one.children);
    }
    children().push({ type: delimiter === "~~" ? "del" : delimiter.length === 2 ? "strong" : "em", children: inner });
  };

  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    const code = char.charCodeAt(0);
    if (code >= FIRST_MARK && code <= LAST_MARK) {
      // A mark belongs to the word before it.
      plain = plain.replace(/ {1,4}$/, "");
      add({ type: "mark", index: code - FIRST_MARK });
      at += 1;
    } else if (char === "\\" && text[at + 1] === "\n") {
      add({ type: "break" });
      at += 2;
    } else if (char === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else if (char === "\n") {
      plain = plain.trimEnd();
      add({ type: "break" });
      at += 1;
    } else if (char === "`") {
      const end = ticks.closing(at);
      const length = ticks.length(at);
      if (end === undefined) plain += text.slice(at, at + length);
      else
        add({
          type: "code",
          text: text
            .slice(at + length, end)
            .replaceAll("\n", " ")
            .trim(),
        });
      at = end === undefined ? at + length : end + length;
    } else if (char === "[" || (char === "!" && text[at + 1] === "[")) {
      const link = depth < MAX_LINK_DEPTH ? linkAt(text, char === "!" ? at + 1 : at, brackets, depth) : undefined;
      if (link) add(link.node);
      else plain += char;
      at = link ? link.end : at + 1;
    } else if (char === "*" || char === "_" || char === "~") {
      const length = runLength(text, at);
      const delimiter = length >= 2 ? char.repeat(2) : char;
      const usable = length <= 3 && (char !== "~" || length === 2);
      const [before, behind] = [text[at - 1] ?? " ", text[at + length] ?? " "];
      const isOpen = open.some((one) => one.delimiter === delimiter);
      const inWord = char === "_" && WORD.test(before) && WORD.test(behind);
      if (usable && isOpen && !/\s/.test(before) && !inWord) close(delimiter);
      else if (usable && !isOpen && open.length < MAX_OPEN && !/\s/.test(behind) && !inWord) {
        flush();
        open.push({ delimiter, children: [] });
      } else {
        plain += text.slice(at, at + length);
        at += length;
        continue;
      }
      at += delimiter.length;
    } else if (char === "&") {
      ENTITY.lastIndex = at;
      const entity = ENTITY.exec(text)?.[0];
      plain += entity ? ENTITIES[entity] : char;
      at += entity?.length ?? 1;
    } else if (char === "h" && depth === 0 && !WORD.test(text[at - 1] ?? " ")) {
      BARE_LINK.lastIndex = at;
      const found = BARE_LINK.exec(text)?.[0]
        .replace(/[\ue000-\uf8ff].*$/, "")
        .replace(/[.,;:!?'")\]}*_~]{1,50}$/, "");
      const link = found ? safeLink(found) : undefined;
      if (found && link) add({ type: "link", ...link, children: [{ type: "text", text: found }] });
      else plain += char;
      at += found && link ? found.length : 1;
    } else {
      plain += char;
      at += 1;
    }
  }
  flush();
  return open.flatMap((one, i) =>
    i === 0 ? one.children : [{ type: "text" as const, text: one.delimiter }, ...one.children],
  );
}

function runLength(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** `[words](address)`; of an image only its words and its address are left. */
function linkAt(
  text: string,
  at: number,
  brackets: ReadonlyMap<number, number>,
  depth: number,
): { node: Inline; end: number } | undefined {
  const middle = brackets.get(at);
  if (middle === undefined || text[middle + 1] !== "(") return undefined;
  const found = /^\(\s{0,3}<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)?)>?(?:\s{1,3}"[^"\n]{0,200}")?\s{0,3}\)/.exec(
    text.slice(middle + 1, middle + 1 + MAX_HREF),
  );
  const words = text.slice(at + 1, middle);
  if (!found) return undefined;
  const end = middle + 1 + found[0].length;
  const link = safeLink(found[1]!);
  const children = parseInline(words, depth + 1);
  // The words stay readable; an address that leads nowhere good is no link.
  if (!link) return { node: { type: "text", text: words.replaceAll(/[\ue000-\uf8ff]/g, "") || found[1]! }, end };
  return {
    node: { type: "link", ...link, children: children.length > 0 ? children : [{ type: "text", text: link.host }] },
    end,
  };
}

/** Which closing bracket belongs to an opening one. */
function pairsOf(text: string): Map<number, number> {
  const pairs = new Map<number, number>();
  const waiting: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "[") waiting.push(at);
    else if (text[at] === "]" && waiting.length > 0) pairs.set(waiting.pop()!, at);
  }
  return pairs;
}

/** Runs of backticks: how long each is, and where the next of the same length begins. */
function tickRuns(text: string) {
  const lengths = new Map<number, number>();
  const closing = new Map<number, number>();
  const last = new Map<number, number>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    lengths.set(index, run.length);
    const before = last.get(run.length);
    if (before !== undefined) closing.set(before, index);
    last.set(run.length, index);
  }
  return {
    length: (at: number): number => lengths.get(at) ?? 1,
    closing: (at: number): number | undefined => closing.get(at),
  };
}

function marksAndText(text: string): Inline[] {
  return text
    .split(/([\ue000-\uf8ff])/)
    .map((piece, i) =>
      i % 2 === 1 ? { type: "mark", index: piece.charCodeAt(0) - FIRST_MARK } : { type: "text", text: piece },
    );
}
