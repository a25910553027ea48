import type { Place } from "#shared/places.ts";
import { type Command, type Context, parseFlags, UsageError } from "../command.ts";
import { addressOf, placeOf } from "../place-of.ts";
import { excerpt, oneLine } from "../printable.ts";

const QUOTE_CHARS = 300;
const EXITS: Readonly<Record<string, number>> = { answered: 0, partial: 0, no_evidence: 3, refused: 3 };

type Citation = {
  readonly marker: number;
  readonly verified: boolean;
  readonly source: {
    readonly title: string;
    readonly uri: string;
    readonly heading_path: readonly string[];
    readonly page?: number;
    readonly place?: Place;
    readonly quote: string;
  };
};
type End = {
  readonly outcome: string;
  readonly citations: readonly Citation[];
  readonly lineage: { readonly id: string; readonly conversation_id: string };
};
type Event = { readonly choices: readonly { readonly delta: { readonly content?: string } }[] } & Partial<End>;

export const ask: Command = {
  name: "ask",
  summary: "ask a question and get a cited answer",
  help: `Usage: ./cairn ask QUESTION… [--conversation ID] [--collection NAME] [--json]

Answers from the documents that you may read, and shows the passages that the answer rests on.

  --conversation ID   continue this conversation: a follow-up question may say "it"
  --collection NAME   use only this collection; may be given several times
  --json              print {answer, outcome, citations, lineage}

Exit code: 0 answered, 3 no answer found in the documents, 1 failed.`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, {
      conversation: { type: "string" },
      collection: { type: "string", multiple: true },
    });
    const content = positionals.join(" ").trim();
    if (content === "") throw new UsageError("What is the question?");
    const { conversation, collection } = values;
    const cairn = {
      ...(conversation !== undefined && { conversation_id: conversation }),
      ...(collection !== undefined && { collections: collection }),
    };
    const body = { model: "cairn", stream: true, messages: [{ role: "user", content }], cairn };
    const { answer, outcome, citations, lineage } = await answered(body, context);
    if (context.json) context.output.json({ answer, outcome, citations, lineage });
    else showEnd({ outcome, citations, lineage }, context);
    return EXITS[outcome] ?? 1;
  },
};

/** Prints the answer as it comes, unless JSON is wanted. */
async function answered(body: object, { client, output, json, signal }: Context): Promise<End & { answer: string }> {
  let answer = "";
  let end: End | undefined;
  try {
    for await (const event of client.stream<Event>("/v1/chat/completions", body, signal)) {
      const { outcome, citations, lineage } = event;
      if (outcome !== undefined && citations && lineage) end = { outcome, citations, lineage };
      const text = event.choices[0]?.delta.content ?? "";
      answer += text;
      if (!json) output.piece(text);
    }
  } finally {
    if (!json && answer !== "" && !answer.endsWith("\n")) output.line();
  }
  if (!end) throw new Error("The answer came without its sources. Is CAIRN_URL the address of Cairn?");
  return { answer, ...end };
}

function showEnd({ outcome, citations, lineage }: End, { output }: Context): void {
  const markers = [...new Set(citations.map(({ marker }) => marker))].sort((a, b) => a - b);
  if (markers.length > 0) output.line("\nSources");
  for (const marker of markers) {
    const own = citations.filter((citation) => citation.marker === marker);
    const { source } = own[0]!;
    output.line(`[${marker}] ${placeOf(source)}`);
    output.line(`    ${addressOf(source)}`);
    const quotes = own.map(({ verified, source: { quote } }) => {
      const doubt = verified ? "" : " (not verified: read it for yourself)";
      return `    “${excerpt(quote, QUOTE_CHARS)}”${doubt}`;
    });
    for (const quote of new Set(quotes)) output.line(quote);
  }
  output.line(`\nOutcome: ${oneLine(outcome)} · lineage ${oneLine(lineage.id)}`);
  output.line(`Follow up: ./cairn ask --conversation ${oneLine(lineage.conversation_id)} "…"`);
}
