import { ApiError, type Client, createClient } from "../../services/cli/client.ts";

export type Passage = { document_id: string; start: number; end: number; text: string };
export type SearchBody = { results: Passage[] };
export type Reply = {
  text: string;
  outcome: string;
  citations: { marker: number; answer: object; verified: boolean; source: { quote: string } & Omit<Passage, "text"> }[];
};
type Event = {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
  readonly outcome?: string;
  readonly citations?: Reply["citations"];
};
/** What was said to each request, or thrown. */
export type Kept = ReadonlyMap<string, () => unknown>;

/** What a bot makes of what the real application said. The question comes as it was asked. */
export type Bot = {
  readonly search?: (question: string, body: SearchBody) => SearchBody;
  readonly chat?: (question: string, reply: Reply) => Reply;
};

const SEARCH = "/v1/search";
const keyOf = (path: string, json: object | undefined): string => `${path} ${JSON.stringify(json)}`;

/** A client of the application that keeps everything it hears, by request. */
export function recordingClient(client: Client): { readonly client: Client; readonly kept: Kept } {
  const kept = new Map<string, () => unknown>();
  async function keep<T>(key: string, asking: Promise<T>): Promise<T> {
    try {
      const value = await asking;
      kept.set(key, () => value);
      return value;
    } catch (error) {
      kept.set(key, () => {
        throw error;
      });
      throw error;
    }
  }
  return {
    kept,
    client: {
      ...client,
      call: <T>(path: string, signal: AbortSignal, request: { readonly json?: object } = {}) =>
        keep(keyOf(path, request.json), client.call<T>(path, signal, request)),
      async *stream<T extends object>(path: string, json: object, signal: AbortSignal) {
        yield* await keep(keyOf(path, json), Array.fromAsync(client.stream<T>(path, json, signal)));
      },
    },
  };
}

/** Answers from what was kept, as the bot changes it: in no time, compared with the application. */
export function botClient(kept: Kept, bot: Bot): Client {
  const said = (path: string, json: object | undefined): unknown => {
    const say = kept.get(keyOf(path, json));
    if (!say) throw new ApiError(404, { code: "not_found", message: "?", param: undefined }, undefined);
    return say();
  };
  return {
    ...createClient({ url: "", key: undefined }),
    async call<T>(path: string, _signal: AbortSignal, { json }: { readonly json?: object } = {}): Promise<T> {
      const value = said(path, json);
      if (path !== SEARCH || !bot.search) return value as T;
      return bot.search((json as { query: string }).query, value as SearchBody) as T;
    },
    async *stream<T extends object>(path: string, json: object): AsyncGenerator<T, void> {
      const events = said(path, json) as readonly Event[];
      const { messages } = json as { messages: { content: string }[] };
      yield* (bot.chat ? retold(events, (reply) => bot.chat!(messages.at(-1)!.content, reply)) : events) as T[];
    },
  };
}

/** The real searches, each with its question. */
export function searchesIn(kept: Kept): { readonly query: string; readonly results: readonly Passage[] }[] {
  return [...kept]
    .filter(([key]) => key.startsWith(`${SEARCH} `))
    .map(([key, said]) => ({ ...JSON.parse(key.slice(SEARCH.length + 1)), ...(said() as SearchBody) }));
}

/** The same stream with another answer in it. */
function retold(events: readonly Event[], change: (reply: Reply) => Reply): readonly Event[] {
  const last = events.find(({ outcome }) => outcome !== undefined)!;
  const text = events.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
  const reply = change({ text, outcome: last.outcome!, citations: last.citations! });
  return [
    { ...events[0], choices: [{ delta: { content: reply.text } }] },
    { ...last, outcome: reply.outcome, citations: reply.citations },
  ];
}
