import { type Command, type Context, idOf, parseFlags, UsageError } from "../command.ts";
import type { Output } from "../output.ts";
import { excerpt, oneLine } from "../printable.ts";

const MODES = ["retrieval", "prompt", "generation", "what-if"];
const LINE_CHARS = 200;
/** An answer that came out the same ends with 0, so that a script can tell. */
const DIFFERENT = 4;

type Chunk = { readonly document_id: string; readonly rank: number; readonly cause: string };
type Gone = { readonly verdict: "gone"; readonly detail: string };
type Retrieval = {
  readonly verdict: string;
  readonly passages_then: number;
  readonly gained: readonly Chunk[];
  readonly lost: readonly Chunk[];
  readonly moved: readonly object[];
  readonly changed_documents: readonly {
    readonly document_id: string;
    readonly title: string | null;
    readonly causes: readonly string[];
  }[];
};
type Prompt = { readonly verdict: string; readonly lines: readonly { readonly sign: string; readonly text: string }[] };
type Answer = {
  readonly verdict: string;
  readonly tokens_then: number;
  readonly tokens_now: number;
  readonly first_difference: {
    readonly token: number;
    readonly at: number;
    readonly was: string;
    readonly is: string;
  } | null;
  readonly model_then: string | null;
  readonly model_now: string | null;
  readonly outcome_then: string;
  readonly outcome_now: string;
};
type Replay = {
  readonly answer_id: string;
  readonly mode: string;
  readonly verdict: string;
  readonly release: { readonly name: string; readonly digest: string; readonly same: boolean };
  readonly generation: string | null;
  readonly scope_proven: boolean;
  readonly corpus_changes: number;
  readonly withheld: boolean;
  readonly retrieval: Retrieval | Gone;
  readonly prompt?: Prompt | Gone;
  readonly answer?: Answer | Gone;
};

const CAUSES: Readonly<Record<string, string>> = {
  new_version: "has a new version",
  new_document: "is new",
  superseded: "the version of then is not current",
  deleted: "was deleted",
  erased: "was erased",
  withdrawn: "was withdrawn",
  closed: "is closed to whoever asked",
  displaced: "displaced by the others",
};

export const replay: Command = {
  name: "replay",
  summary: "make a past answer again, and see what differs",
  help: `Usage: ./cairn replay ID [--mode ${MODES.join("|")}] [--release DIGEST] [--json]

ID   of an answer: "lineage" in the output of ./cairn ask

Searches again in the index of then, renders the prompt again, and asks the model again with the prompt of then.

  --mode retrieval   only the search
  --mode prompt      search and prompt
  --mode generation  search, prompt and answer (this is what you get without --mode)
  --mode what-if     all of it with today's index and release
  --release DIGEST   with what-if: another release that was in use here
  --json             print what the API returns

Exit code: 0 all came out the same, ${DIFFERENT} something differs or is gone, 1 failed. Needs a key with the scope "audit".`,
  async run(args, context) {
    const { values, positionals } = parseFlags(args, { mode: { type: "string" }, release: { type: "string" } });
    const { mode = "generation", release } = values;
    if (!MODES.includes(mode)) throw new UsageError(`There is no mode "${mode}". The modes are ${MODES.join(", ")}.`);
    if (release !== undefined && mode !== "what-if") throw new UsageError("--release belongs to --mode what-if.");
    const id = idOf(positionals, "answer");
    const { client, output, json, signal } = context;
    const body = { mode, ...(release !== undefined && { release }) };
    const found = await client.call<Replay>(`/v1/answers/${id}/replay`, signal, { method: "POST", json: body });
    if (json) output.json(found);
    else show(found, context);
    return found.verdict === "exact" ? 0 : DIFFERENT;
  },
};

function show(found: Replay, { output }: Pick<Context, "output">): void {
  const { release, generation, corpus_changes, retrieval, prompt, answer } = found;
  output.line(`Replay of ${oneLine(found.answer_id)} (${found.mode}): ${found.verdict}`);
  output.line(
    `Release ${oneLine(release.name)} ${oneLine(release.digest)}${release.same ? "" : ", another than then"}`,
  );
  output.line(
    `Index generation ${oneLine(generation ?? "none")}; documents changed in the tenant since: ${corpus_changes}`,
  );
  if (!found.scope_proven) output.line("The record does not confirm the scope that was searched.");
  if (found.withheld) output.line("You may not read what this answer rests on, so its texts are left out.");
  showPart("Retrieval", retrieval, output, (part) => showRetrieval(part, output));
  if (prompt) {
    showPart("Prompt", prompt, output, ({ lines }) => {
      for (const { sign, text } of lines) output.line(`  ${sign} ${excerpt(text, LINE_CHARS)}`);
    });
  }
  if (answer) showPart("Answer", answer, output, (part) => showAnswer(part, output));
}

function showPart<T extends { readonly verdict: string }>(
  name: string,
  part: T | Gone,
  output: Output,
  showRest: (part: T) => void,
): void {
  output.line(`\n${name}: ${part.verdict}`);
  if ("detail" in part) output.line(`  ${oneLine(part.detail)}`);
  else showRest(part);
}

function showRetrieval({ passages_then, gained, lost, moved, changed_documents }: Retrieval, output: Output): void {
  output.line(`  ${passages_then} passages then; ${gained.length} gained, ${lost.length} lost, ${moved.length} moved`);
  for (const { document_id, title, causes } of changed_documents) {
    const why = causes.map((cause) => CAUSES[cause] ?? cause).join("; ");
    output.line(`  ${oneLine(title ?? "a document that you may not read")} (${oneLine(document_id)}): ${why}`);
  }
  for (const [sign, chunks] of [["-", lost] as const, ["+", gained] as const]) {
    for (const { rank, document_id, cause } of chunks) {
      output.line(`  ${sign} rank ${rank}  ${oneLine(document_id)}  ${CAUSES[cause] ?? oneLine(cause)}`);
    }
  }
}

function showAnswer(part: Answer, output: Output): void {
  const { first_difference, model_then, model_now, outcome_then, outcome_now } = part;
  output.line(`  ${part.tokens_then} tokens then, ${part.tokens_now} now`);
  if (model_then !== model_now)
    output.line(`  Model then ${oneLine(model_then ?? "none")}, now ${oneLine(model_now ?? "none")}`);
  if (outcome_then !== outcome_now) output.line(`  Outcome then ${oneLine(outcome_then)}, now ${oneLine(outcome_now)}`);
  if (!first_difference) return;
  const { token, at, was, is } = first_difference;
  output.line(`  The first difference is token ${token}, character ${at + 1}:`);
  output.line(`  - ${excerpt(was, LINE_CHARS) || "(the end)"}`);
  output.line(`  + ${excerpt(is, LINE_CHARS) || "(the end)"}`);
}
