import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal, textOf } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";

let upstream: MockUpstream;
let app: LocalApp;

beforeAll(async () => {
  upstream = await mockUpstream(streams(delta("The gateway listens on port 8081 [1]."), finish("stop"), DONE));
  app = await openLocal({
    modelUrl: upstream.baseUrl,
    files: {
      "ports.md": "# Ports\n\nThe gateway listens on port 8081. Metrics are served on port 9090.\n",
      "端口.md": "# 端口\n\n网关监听端口 8081。指标在端口 9090 上提供。\n",
    },
  });
});
afterAll(async () => {
  await app.close();
  await upstream.close();
});

const IN_ENGLISH = /I could not find/;
const IN_CHINESE = /没有找到/;
const OUTSIDE: [question: string, refusal: RegExp][] = [
  ["Who won the football world cup in 1998?", IN_ENGLISH],
  ["What is the boiling point of tungsten?", IN_ENGLISH],
  ["谁赢得了1998年足球世界杯？", IN_CHINESE],
  ["钨的沸点是多少？", IN_CHINESE],
  ["???", IN_ENGLISH],
  ["🙂", IN_ENGLISH],
  ["的", IN_CHINESE],
  ['" OR 1=1 NEAR(* {heading}: -', IN_ENGLISH],
];

test.for(OUTSIDE)("%s is refused in its language without a call of the model", async ([question, refusal]) => {
  const before = upstream.calls.length;
  const answer = await app.ask(question);
  expect(answer.outcome).toBe("no_evidence");
  expect(textOf(answer)).toMatch(refusal);
  expect(answer.citations).toEqual([]);
  expect(answer.lineage).toMatchObject({ outcome: "no_evidence", sources: [], models: [] });
  expect(upstream.calls.length).toBe(before);
});

test("a streamed refusal ends as every stream does", async () => {
  const before = upstream.calls.length;
  const body = app.chatBody("Who won the football world cup in 1998?", { stream: true });
  const text = await (await app.send("/v1/chat/completions", body)).text();
  const events = text.split("\n\n").filter((event) => event.startsWith("data: "));
  expect(events.at(-1)).toBe("data: [DONE]");
  const last = JSON.parse(events.at(-2)!.slice(6)) as Completion;
  expect(last).toMatchObject({ choices: [], outcome: "no_evidence", citations: [] });
  expect(upstream.calls.length).toBe(before);
});

test("a question that the documents answer does call the model, once", async () => {
  const before = upstream.calls.length;
  const answer = await app.ask("Which port does the gateway listen on?");
  expect(answer.outcome).toBe("answered");
  expect(upstream.calls.length).toBe(before + 1);
});

test("every one of these has a record", async () => {
  const { answers, total, records } = await app.counts();
  expect(answers.no_evidence).toBe(OUTSIDE.length + 1);
  expect(records).toBe(total);
  expect(app.unexpected).toEqual([]);
});
