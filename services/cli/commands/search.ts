import type { Place } from "#shared/places.ts";
import { type Command, parseFlags, UsageError } from "../command.ts";
import { addressOf, placeOf } from "../place-of.ts";
import { excerpt } from "../printable.ts";

const TEXT_CHARS = 300;
const MAX_TOP_K = 50;

type Found = {
  readonly results: readonly {
    readonly rank: number;
    readonly title: string;
    readonly uri: string;
    readonly heading_path: readonly string[];
    readonly page?: number;
    readonly place?: Place;
    readonly text: string;
  }[];
};

export const search: Command = {
  name: "search",
  summary: "find passages, without an answer",
  help: `Usage: ./cairn search QUERY… [--top-k N] [--collection NAME] [--json]

Lists the passages that fit the query best, of the documents that you may read.

  --top-k N           at most so many passages, 1 to ${MAX_TOP_K} (10)
  --collection NAME   search only this collection; may be given several times
  --json              print what the search API returns, with the whole passages`,
  async run(args, { client, output, json, signal }) {
    const { values, positionals } = parseFlags(args, {
      "top-k": { type: "string" },
      collection: { type: "string", multiple: true },
    });
    const query = positionals.join(" ").trim();
    if (query === "") throw new UsageError("What are you looking for?");
    const top_k = values["top-k"] === undefined ? undefined : topK(values["top-k"]);
    const body = { query, top_k, collections: values.collection };
    const found = await client.call<Found>("/v1/search", signal, { method: "POST", json: body });
    if (json) {
      output.json(found);
      return 0;
    }
    for (const one of found.results) {
      output.line(`${one.rank}. ${placeOf(one)}`);
      output.line(`   ${addressOf(one)}`);
      output.line(`   ${excerpt(one.text, TEXT_CHARS)}\n`);
    }
    if (found.results.length === 0) output.note("Nothing was found. Use words that stand in the documents.");
    return 0;
  },
};

function topK(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MAX_TOP_K) {
    throw new UsageError(`--top-k must be a whole number from 1 to ${MAX_TOP_K}, not "${text}".`);
  }
  return value;
}
