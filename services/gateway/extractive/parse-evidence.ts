export type Evidence = {
  /** The number it is cited by. */
  readonly number: number;
  /** Title and headings, outermost first. */
  readonly path: readonly string[];
  readonly text: string;
};

export type ParsedPrompt = { readonly question: string; readonly evidence: readonly Evidence[] };

const ITEM = /^\[(\d+)\] (.*)$/;
const QUESTION = "Question: ";

/**
 * Reads the numbered evidence and the question out of the last user message. `undefined` when it has no evidence
 * block. Documents may contain lines that look like ours, so a number only counts when it is the next one and begins
 * a paragraph, and the question is what follows the last line that announces one.
 */
export function parseEvidence(message: string): ParsedPrompt | undefined {
  const lines = message.replaceAll("\r\n", "\n").split("\n");
  const start = lines.findIndex((line) => line.trim() !== "");
  if (lines[start]?.trim() !== "Evidence:") return undefined;
  const end = lines.findLastIndex((line) => line.startsWith(QUESTION));
  if (end < 0) return undefined;
  const items: { path: string; lines: string[] }[] = [];
  for (let i = start + 1; i < end; i++) {
    const line = lines[i]!;
    const item = ITEM.exec(line);
    if (item && Number(item[1]) === items.length + 1 && (i === start + 1 || lines[i - 1] === "")) {
      items.push({ path: item[2]!, lines: [] });
    } else items.at(-1)?.lines.push(line);
  }
  if (items.length === 0) return undefined;
  return {
    question: lines.slice(end).join("\n").slice(QUESTION.length).trim(),
    evidence: items.map((item, i) => ({
      number: i + 1,
      path: item.path.split(" > "),
      text: item.lines.join("\n").trim(),
    })),
  };
}
