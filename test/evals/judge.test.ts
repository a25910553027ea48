import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { agreement, shareInterval } from "../../evals/judge/agreement.ts";
import { gatewayJudge } from "../../evals/judge/gateway-judge.ts";
import { type AskJudge, judgeAnswers, type Labelled } from "../../evals/judge/judge-answers.ts";
import { judgePrompt, readJudgement } from "../../evals/judge/judge-prompt.ts";
import { judgeReport } from "../../evals/judge/judge-report.ts";
import { jsonLines } from "../../evals/readers/json-lines.ts";

const examples = jsonLines(readFileSync("evals/judge/examples.jsonl", "utf8"), "examples.jsonl") as Labelled[];
const signal = AbortSignal.timeout(20_000);
const right: AskJudge = async (one) => {
  const { grounded, relevant } = examples.find(
    ({ answer, question }) => answer === one.answer && question === one.question,
  )!;
  return { grounded, relevant };
};

test("agreement beyond chance, by hand", () => {
  // 3 of 4 equal; both say yes half of the time: (0.75 − 0.5) / 0.5.
  const pairs = [
    [true, true],
    [true, true],
    [false, false],
    [false, true],
  ] as const;
  const { share, kappa } = agreement(pairs);
  expect(share).toBe(0.75);
  // a says yes 0.5, b 0.75: chance 0.5.
  expect(kappa).toBeCloseTo(0.5);
  expect(
    agreement([
      [true, false],
      [false, true],
    ]).kappa,
  ).toBeCloseTo(-1);
});

test("the interval of a share stays within 0 and 1", () => {
  const { low, high } = shareInterval(10, 10);
  expect(low).toBeCloseTo(0.722, 2);
  expect(high).toBe(1);
});

test("the labelled examples have both answers of both aspects in both languages", () => {
  for (const language of ["en", "zh"]) {
    const own = examples.filter((one) => one.language === language);
    expect(own.length).toBeGreaterThanOrEqual(12);
    for (const aspect of ["grounded", "relevant"] as const) expect(new Set(own.map((one) => one[aspect])).size).toBe(2);
  }
  expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
});

test("a judgement is read from a talkative reply, and a reply without one is none", () => {
  expect(readJudgement('Sure! {"grounded": true, "relevant": false} Hope it helps.')).toEqual({
    grounded: true,
    relevant: false,
  });
  expect(readJudgement('{not json} {"grounded": "yes", "relevant": true}')).toBeUndefined();
});

test("a judge who is always right agrees with people, and one who flips with nobody", async () => {
  const [good, coin] = await Promise.all([
    judgeAnswers(examples, examples, 3, right, signal),
    judgeAnswers(examples, examples, 4, async (_, seed) => ({ grounded: seed % 2 === 0, relevant: true }), signal),
  ]);
  expect(good.aspects[0]).toMatchObject({ labelled: { count: examples.length, share: 1, kappa: 1 }, withItself: 1 });
  expect(coin.aspects[0]!.withItself).toBe(0.5);
  expect(judgeReport("good", good)).not.toContain("Do not rely");
  expect(judgeReport("coin", coin)).toContain("Do not rely on it");
});

test("each answer is asked for in a call of its own, as often as wanted, from an OpenAI-compatible server", async () => {
  const asked: { model: string; seed: number; messages: { content: string }[] }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    asked.push(JSON.parse(text));
    const content = asked.length % 2 === 0 ? "I cannot say." : '{"grounded": true, "relevant": true}';
    response.end(JSON.stringify({ choices: [{ message: { content } }] }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const ask = gatewayJudge(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "key", "big");
  const one = { id: "a", language: "en", question: "Q?", evidence: "[1] E.", answer: "A. [1]" } as const;
  const report = await judgeAnswers([one], [], 4, ask, signal);
  server.close();
  expect(asked.map(({ model, seed }) => [model, seed])).toEqual([1, 2, 3, 4].map((seed) => ["big", seed]));
  expect(asked[0]!.messages).toEqual(judgePrompt(one));
  expect(report.unusable).toBe(0.5);
  expect(report.aspects[0]!.languages).toMatchObject([{ language: "en", count: 1, share: 1 }]);
  expect(judgeReport("big", report)).toContain("50 % of the replies unusable");
});
