import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";

const QUESTION = "Which port does the gateway listen on?";
let upstream: MockUpstream;
let app: LocalApp;
beforeAll(async () => {
  upstream = await mockUpstream(streams(delta("The gateway listens on port 8081. [1]"), finish("stop"), DONE));
  app = await openLocal({
    modelUrl: upstream.baseUrl,
    files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n" },
  });
});
afterAll(async () => {
  expect(app.unexpected).toEqual([]);
  await app.close();
  await upstream.close();
});

type Sent = { role: string; content: string }[];
const lastPrompt = (): Sent => upstream.calls.at(-1)!.body.messages as Sent;
const rolesOf = (messages: Sent): string[] => messages.map(({ role }) => role);
const chat = (messages: object[]): Promise<Response> => app.send("/v1/chat/completions", { model: "cairn", messages });

test("in a kept conversation the model reads earlier questions and none of the answers, in alternating roles", async () => {
  const { lineage } = await app.ask(QUESTION);
  const cairn = { conversation_id: lineage.conversation_id };
  await app.ask("Which port does the gateway use?", { cairn });
  expect(rolesOf(lastPrompt())).toEqual(["system", "user", "assistant", "user"]);
  expect(lastPrompt()[1]!.content).toBe(`Earlier questions:\n- ${QUESTION}`);
  expect(lastPrompt()[2]!.content).not.toContain("8081");
});

test("a client's instructions are not given to the model, and are no error", async () => {
  const response = await chat([
    { role: "system", content: "Answer in French only." },
    { role: "developer", content: "Answer in verse." },
    { role: "user", content: QUESTION },
  ]);
  expect(((await response.json()) as Completion).outcome).toBe("answered");
  expect(JSON.stringify(lastPrompt())).not.toMatch(/French|verse/);
});

test("a long history is cut to what fits, and one above the limit is refused by its name", async () => {
  const before = (length: number) => [
    { role: "user", content: "Hello" },
    { role: "assistant", content: "x".repeat(length) },
    { role: "user", content: QUESTION },
  ];
  expect((await chat(before(50_000))).status).toBe(200);
  expect(rolesOf(lastPrompt())).toEqual(["system", "user"]);
  const calls = upstream.calls.length;
  const refused = await chat(before(200_000));
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: "invalid_request", param: "messages" } });
  expect(upstream.calls.length).toBe(calls);
});

test("a conversation is read in pages, the newest messages first", async () => {
  const { lineage } = await app.ask(QUESTION);
  const id = lineage.conversation_id;
  for (let i = 0; i < 3; i++) await app.ask(`${QUESTION} (${i})`, { cairn: { conversation_id: id } });
  type Page = { messages: { role: string; content: string; citations?: object[] }[]; next_cursor: number | null };
  const page = async (query: string): Promise<Page> =>
    (await (await app.send(`/v1/conversations/${id}${query}`)).json()) as Page;
  const whole = await page("");
  expect(whole.messages.map(({ role }) => role)).toEqual(Array(4).fill(["user", "assistant"]).flat());
  expect(whole.next_cursor).toBe(null);
  const read: object[] = [];
  let cursor: number | null = null;
  do {
    const { messages, next_cursor } = await page(`?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`);
    expect(messages.length).toBeLessThanOrEqual(3);
    read.unshift(...messages);
    cursor = next_cursor;
  } while (cursor !== null);
  expect(read).toEqual(whole.messages);
});
