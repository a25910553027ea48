import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal } from "../helpers/local.ts";

let app: LocalApp;
beforeAll(async () => {
  app = await openLocal({
    files: {
      "tea.md": "# Tea\n\nGreen tea is steeped at 80 degrees.\n\nBlack tea is steeped at 95 degrees.\n",
      "茶.md": "# 茶\n\n乌龙茶的水温是九十度。\n",
    },
  });
});
afterAll(() => app.close());

type Listed = { conversations: { id: string; title: string }[]; next_cursor: string | null };
type Read = { messages: { role: string; content: string; answer_id?: string }[] };

const list = async (query = ""): Promise<Listed> =>
  (await app.send(`/v1/conversations${query}`)).json() as Promise<Listed>;
const messagesOf = async (id: string): Promise<Read["messages"]> =>
  ((await (await app.send(`/v1/conversations/${id}`)).json()) as Read).messages;
const conversationOf = ({ lineage }: Completion): string => lineage.conversation_id;

test("a conversation gets another title", async () => {
  const id = conversationOf(await app.ask("How hot is green tea steeped?"));
  const renamed = await app.send(`/v1/conversations/${id}`, { title: "  Tea time  " }, { method: "PATCH" });
  expect(await renamed.json()).toMatchObject({ id, title: "Tea time" });
  expect((await list()).conversations.find((one) => one.id === id)?.title).toBe("Tea time");
  const missing = await app.send(`/v1/conversations/${crypto.randomUUID()}`, { title: "x" }, { method: "PATCH" });
  expect(missing.status).toBe(404);
});

test("conversations are found by their title and their questions, whatever the case, and signs mean themselves", async () => {
  const id = conversationOf(await app.ask("乌龙茶的水温是多少？"));
  await app.send(`/v1/conversations/${id}`, { title: "100% Oolong_tea" }, { method: "PATCH" });
  const found = async (query: string): Promise<string[]> =>
    (await list(`?query=${encodeURIComponent(query)}`)).conversations.map((one) => one.id);
  expect(await found("oolong")).toEqual([id]);
  expect(await found("水温")).toEqual([id]);
  expect(await found("100%")).toEqual([id]);
  expect(await found("g_tea")).toEqual([id]);
  expect(await found("n%t")).toEqual([]);
  expect(await found("九十度")).toEqual([]);
});

test("a long list of conversations is read in pages, each one once", async () => {
  for (let i = 0; i < 5; i++) await app.ask(`How hot is green tea number ${i}?`);
  const all = (await list("?limit=200")).conversations.map((one) => one.id);
  const paged: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Listed = await list(`?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    paged.push(...page.conversations.map((one) => one.id));
    cursor = page.next_cursor;
  }
  expect(paged).toEqual(all);
  expect((await app.send("/v1/conversations?cursor=zzz")).status).toBe(400);
});

test("an answer is asked for again in its place, and what came after it goes", async () => {
  const first = await app.ask("How hot is green tea steeped?");
  const id = conversationOf(first);
  const second = await app.ask("And black tea?", { cairn: { conversation_id: id } });
  await app.ask("Which is hotter?", { cairn: { conversation_id: id } });
  expect(await messagesOf(id)).toHaveLength(6);

  const again = await app.ask("What about black tea?", {
    cairn: { conversation_id: id, replaces: second.lineage.id },
  });
  const kept = await messagesOf(id);
  expect(kept.map(({ content }) => content)).toEqual([
    "How hot is green tea steeped?",
    expect.stringContaining("80"),
    "What about black tea?",
    expect.stringContaining("95"),
  ]);
  expect(kept.at(-1)!.answer_id).toBe(again.lineage.id);
  // Its lineage is evidence and stays.
  expect((await app.send(`/v1/answers/${second.lineage.id}`)).status).toBe(200);
});

test("only an answer of the same conversation can be replaced", async () => {
  const [one, other] = [await app.ask("How hot is green tea?"), await app.ask("How hot is black tea?")];
  const wrong = await app.ask("Again?", {
    cairn: { conversation_id: conversationOf(one), replaces: other.lineage.id },
  });
  expect(wrong.error).toMatchObject({ code: "not_found", param: "cairn.replaces" });
  const alone = await app.ask("Again?", { cairn: { replaces: other.lineage.id } });
  expect(alone.error).toMatchObject({ code: "invalid_request", param: "cairn.replaces" });
});

test("the headers of an answer name its conversation before the first word", async () => {
  const response = await app.send("/v1/chat/completions", app.chatBody("How hot is green tea?", { stream: true }));
  const id = response.headers.get("conversation-id")!;
  await response.text();
  expect((await list()).conversations.map((one) => one.id)).toContain(id);
});

test("feedback may say why, and is shown to who gave it", async () => {
  const { lineage } = await app.ask("How hot is green tea?");
  const path = `/v1/answers/${lineage.id}/feedback`;
  expect((await app.send(path, { rating: "down", reason: "outdated", comment: "70 now" })).status).toBe(204);
  expect((await app.send(path, { rating: "down", reason: "ugly" })).status).toBe(400);
  const answer = await (await app.send(`/v1/answers/${lineage.id}`)).json();
  expect(answer).toMatchObject({ feedback: { rating: "down", reason: "outdated", comment: "70 now" } });
});

test("the release tells its name, its digest and questions to begin with", async () => {
  const release = (await (await app.send("/v1/release")).json()) as { digest: string; examples: object };
  expect(release).toMatchObject({ name: "default", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  expect(Object.keys(release.examples).sort()).toEqual(["en", "zh"]);
});
