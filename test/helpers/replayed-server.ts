import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Passage = { document_id: string; start: number; end: number; text: string };
export type SearchBody = { results: Passage[] };
export type Reply = {
  text: string;
  outcome: string;
  citations: { marker: number; answer: object; verified: boolean; source: { quote: string } & Omit<Passage, "text"> }[];
};
type Kept = { readonly status: number; readonly type: string; readonly body: string };

/** What a bot makes of what the real application said. The question comes as it was asked. */
export type Bot = {
  readonly search?: (question: string, body: SearchBody) => SearchBody;
  readonly chat?: (question: string, reply: Reply) => Reply;
};

/** A server that passes everything on to the application and keeps it, by request. */
export function recordingServer(target: string) {
  const kept = new Map<string, Kept>();
  const opening = openServer(async (request, response) => {
    const body = await textOf(request);
    const answer = await fetch(target + request.url, {
      method: request.method!,
      headers: { "content-type": "application/json" },
      ...(body !== "" && { body }),
    });
    const one = { status: answer.status, type: answer.headers.get("content-type") ?? "", body: await answer.text() };
    kept.set(keyOf(request, body), one);
    send(response, one);
  });
  return { kept, opening };
}

/** Answers from what was kept, as the bot changes it. Much faster than the application. */
export function botServer(kept: ReadonlyMap<string, Kept>, bot: Bot) {
  return openServer(async (request, response) => {
    const body = await textOf(request);
    const one = kept.get(keyOf(request, body));
    if (!one)
      return send(response, { status: 404, type: "application/json", body: '{"code":"not_found","detail":"?"}' });
    if (request.url === "/v1/search" && bot.search) {
      const { query } = JSON.parse(body) as { query: string };
      return send(response, { ...one, body: JSON.stringify(bot.search(query, JSON.parse(one.body) as SearchBody)) });
    }
    if (request.url === "/v1/chat/completions" && bot.chat) {
      const { messages } = JSON.parse(body) as { messages: { content: string }[] };
      return send(response, { ...one, body: retold(one.body, (reply) => bot.chat!(messages.at(-1)!.content, reply)) });
    }
    send(response, one);
  });
}

/** The same stream with another answer in it. */
function retold(stream: string, change: (reply: Reply) => Reply): string {
  const events = stream.split("\n\n").flatMap((block) => {
    const data = /^data: (\{.*)$/m.exec(block)?.[1];
    return data === undefined ? [] : [JSON.parse(data)];
  });
  const last = events.find((event) => event.outcome !== undefined);
  const text = events.map((event) => event.choices[0]?.delta?.content ?? "").join("");
  const reply = change({ text, outcome: last.outcome, citations: last.citations });
  const first = {
    ...events[0],
    choices: [{ index: 0, delta: { role: "assistant", content: reply.text }, finish_reason: null }],
  };
  const end = { ...last, outcome: reply.outcome, citations: reply.citations };
  return `data: ${JSON.stringify(first)}\n\ndata: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`;
}

const keyOf = ({ method, url }: IncomingMessage, body: string): string => `${method} ${url} ${body}`;

async function openServer(handle: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>) {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) =>
      send(response, { status: 500, type: "text/plain", body: error.message }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, { status, type, body }: Kept): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const piece of request) text += piece;
  return text;
}
