/** A component's tag is one line or a few; without a bound, unclosed ones would make the search quadratic. */
const MAX_TAG_LENGTH = 4_000;
/** `{/* note *\/}`; with bounds for the same reason. */
const COMMENT = /\{\s{0,20}\/\*.{0,1000}?\*\/\s{0,20}\}/g;
const TAG = /<\/?[A-Z][\w.]*(?=[\s/>])/g;

/**
 * MDX as the Markdown in it: `import` and `export` statements, which go on to the next blank line, comments and the tags
 * of components are gone, what is between two tags stays. Fenced code is left alone.
 */
export function dropMdx(mdx: string): string {
  const kept: string[] = [];
  let inFence = false;
  let inStatement = false;
  let prose: string[] = [];
  const flush = () => {
    if (prose.length > 0) kept.push(dropTags(prose.join("\n")));
    prose = [];
  };
  for (const line of mdx.split("\n")) {
    const isFence = /^\s*(```|~~~)/.test(line);
    if (isFence) inFence = !inFence;
    if (inFence || isFence) {
      flush();
      kept.push(line);
      continue;
    }
    if (/^(import|export)\s/.test(line)) inStatement = true;
    if (line.trim() === "") inStatement = false;
    prose.push(inStatement ? "" : line.replace(COMMENT, ""));
  }
  flush();
  return kept.join("\n");
}

function dropTags(text: string): string {
  const kept: string[] = [];
  let at = 0;
  let unclosed = 0;
  for (const { 0: open, index } of text.matchAll(TAG)) {
    if (index < at || index < unclosed) continue;
    const end = tagEnd(text, index + open.length);
    if (end < 0) {
      // What has been searched once is not searched again for each tag in it.
      unclosed = index + MAX_TAG_LENGTH;
      continue;
    }
    kept.push(text.slice(at, index));
    at = end;
  }
  kept.push(text.slice(at));
  return kept.join("");
}

/** Behind the `>` that is in no attribute's string or expression. */
function tagEnd(text: string, from: number): number {
  let depth = 0;
  let quote = "";
  for (let i = from; i < Math.min(text.length, from + MAX_TAG_LENGTH); i++) {
    const char = text[i]!;
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'" || char === "`") quote = char;
    else if (char === "{") depth += 1;
    else if (char === "}") depth -= 1;
    else if (char === ">" && depth <= 0) return i + 1;
  }
  return -1;
}
