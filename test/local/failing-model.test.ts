import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal } from "../helpers/local.ts";
import {
  type Behaviour,
  DONE,
  delta,
  fails,
  finish,
  type MockUpstream,
  mockUpstream,
  resets,
  streams,
} from "../helpers/mock-upstream.ts";
import { keptOf, readStream, tally } from "./read-stream.ts";

const QUESTION = "Which port does the gateway listen on?";
let behave: Behaviour;
let upstream: MockUpstream;
let app: LocalApp;

beforeAll(async () => {
  upstream = await mockUpstream((response, call) => behave(response, call));
  app = await openLocal({
    modelUrl: upstream.baseUrl,
    files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n\nMetrics are served on port 9090.\n" },
  });
});
afterAll(async () => {
  const [answers, counted, kept] = await tally(app);
  await app.close();
  await upstream.close();
  expect([counted, kept]).toEqual([answers, answers]);
  expect(app.unexpected).toEqual([]);
});

const chat = (more: object = {}) => app.send("/v1/chat/completions", app.chatBody(QUESTION, more));

test("a model that breaks off in mid-stream ends it with an error event and a record of what was sent", async () => {
  behave = resets(delta("The gateway listens "), delta("on port 8081 "));
  const response = await chat({ stream: true });
  const { text, done, error } = await readStream(response);
  expect(text).toBe("The gateway listens on port 8081 ");
  expect(done).toBe(false);
  expect(error?.code).toBe("upstream_failed");
  const kept = await keptOf(app, response.headers.get("lineage-id")!);
  expect(kept).toMatchObject({ outcome: "error", recorded: "error", content: text });
  expect(kept?.commits(text)).toBe(true);
});

test("a model that breaks off in a whole answer gives 502, and the record commits to nothing sent", async () => {
  behave = resets(delta("The gateway listens "), delta("on port 8081 "));
  const response = await chat();
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ error: { code: "upstream_failed", type: "server_error" } });
  const kept = await keptOf(app, response.headers.get("lineage-id")!);
  expect(kept).toMatchObject({ outcome: "error", recorded: "error", content: "" });
  expect(kept?.commits("")).toBe(true);
});

test("a model that ends without a finish reason has failed", async () => {
  behave = streams(delta("The gateway"));
  const response = await chat({ stream: true });
  const { done, error } = await readStream(response);
  expect([done, error?.code]).toEqual([false, "upstream_failed"]);
  expect((await keptOf(app, response.headers.get("lineage-id")!))?.outcome).toBe("error");
});

test("a model that fails before its first word is replaced by extraction, and the lineage names it", async () => {
  behave = fails(500);
  const answer = (await (await chat()).json()) as Completion & { lineage: { models: object[] } };
  expect(answer.outcome).toBe("answered");
  expect(answer.lineage.models).toMatchObject([{ upstream: "extractive" }]);
  expect(JSON.stringify(answer)).not.toContain("secret upstream words");
});

test("what a model refuses as the client's mistake is the client's, and is kept as an error", async () => {
  behave = fails(400);
  const response = await chat();
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain("secret upstream words");
  expect((await keptOf(app, response.headers.get("lineage-id")!))?.outcome).toBe("error");
});

test("markers of a model that point nowhere are taken out, wherever its deltas cut them", async () => {
  behave = streams(
    ...[..."The gateway listens on port 8081 [1][7][99]. It is so [0]."].map(delta),
    finish("stop"),
    DONE,
  );
  const response = await chat({ stream: true });
  const { text, last } = await readStream(response);
  expect(text).toBe("The gateway listens on port 8081 [1]. It is so .");
  expect(last?.citations?.map(({ marker }) => marker)).toEqual([1]);
});

test.for([
  "[1] The gateway listens on port 8081.",
  "The gateway listens on port 8081 [1]. [1] Metrics are served on port 9090.",
  "- [1]\n- The gateway listens on port 8081 [1]",
  "根据 [1]，网关监听端口 8081。",
])("every marker of “%s” resolves to a citation", async (said) => {
  behave = streams(delta(said), finish("stop"), DONE);
  const answer = (await (await chat()).json()) as Completion;
  const text = answer.choices[0]!.message.content;
  const markers = [...text.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  // A sentence without a marker that the evidence bears out is cited beside them.
  expect(answer.citations.map(({ marker }) => marker)).toEqual(expect.arrayContaining(markers));
  for (const { answer: span } of answer.citations) expect(span.end).toBeGreaterThan(span.start);
});

test("what a reader was sent before the model failed can be read again, and is his only", async () => {
  behave = resets(delta("The gateway listens on port 8081. [1] "));
  const response = await chat({ stream: true });
  const { text } = await readStream(response);
  const past = await (await app.send(`/v1/answers/${response.headers.get("lineage-id")}`)).json();
  expect(past).toMatchObject({ outcome: "error", content: text, withheld: false });
});
