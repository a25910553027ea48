const WORDS = new Set(
  "by without on ignoring group_left group_right and or unless bool offset inf nan start end atan2 sum avg max min count topk".split(
    " ",
  ),
);

/** A series that a query names, with the labels that it is selected by. */
export type Named = { readonly series: string; readonly labels: readonly string[] };

/** Every series of a PromQL expression. Recorded ones (with a colon, but not the engine's) are among them. */
export function seriesOf(expression: string): Named[] {
  const found: Named[] = [];
  // Lists of labels hold names that are no series.
  const text = expression.replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "$1");
  const pattern = /"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?|\{[^}]*\}/g;
  for (const [, name, after = ""] of text.matchAll(pattern)) {
    if (name === undefined || after === "(" || WORDS.has(name) || /^\d/.test(name)) continue;
    const labels = [...after.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!);
    found.push({ series: name, labels });
  }
  return found;
}
