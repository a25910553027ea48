import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { missingRuntime } from "../../services/gateway/onnx/runtime.ts";
import { defaultRoutes } from "../../services/gateway/routing/default-routes.ts";
import { ask } from "../helpers/ask.ts";
import { startGateway, type TestGateway } from "../helpers/gateway.ts";
import { embeddingModel } from "./embedding-model.ts";

const folder = embeddingModel();
const reason = missingRuntime() ?? (existsSync(folder) ? undefined : `There is no model in ${folder}.`);
if (reason !== undefined) process.stdout.write(`skipped: the embedding model. ${reason}\n`);

type Body = { input: string | string[]; input_type?: "query" | "passage"; dimensions?: number };

describe.skipIf(reason !== undefined)("the embedding model of a folder", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway({ table: defaultRoutes({ embeddings: folder }) });
  });
  afterAll(() => gateway.close());
  const embed = async (body: Body) => {
    const { status, text, headers } = await ask(gateway, { path: "/embeddings", body: { model: "embed", ...body } });
    const { data = [], cairn, usage } = JSON.parse(text);
    return { status, headers, usage, embedder: cairn?.embedder as string, vectors: data.map(vectorOf) as number[][] };
  };
  const vectorOf = ({ embedding }: { embedding: number[] }): number[] => embedding;
  const cosine = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

  test("its vectors have length 1, and its files are attested", async () => {
    const { vectors, headers, embedder, usage } = await embed({ input: ["hello", "你好"], input_type: "query" });
    for (const vector of vectors) expect(cosine(vector, vector)).toBeCloseTo(1, 4);
    expect(headers["x-cairn-model-digest"]).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(headers["x-cairn-model-assurance"]).toBe("attested");
    expect(embedder).toMatch(new RegExp(`^[\\w-]+/${vectors[0]!.length}@[0-9a-f]{12}$`));
    expect(usage.prompt_tokens).toBeGreaterThan(6);
  });

  test("a text's vector does not depend on those beside it", async () => {
    const together = await embed({ input: ["one", "another text that is longer than the first", "两"] });
    await gateway.close();
    gateway = await startGateway({ table: defaultRoutes({ embeddings: folder }) });
    const alone = await embed({ input: "one" });
    expect(alone.vectors[0]).toEqual(together.vectors[0]);
  });

  test("a question is nearest to the passage that answers it, in the other language too", async () => {
    const passages = await embed({
      input: ["Rollouts replace pods a few at a time.", "The cat sleeps on the sofa.", "滚动更新一次替换几个 Pod。"],
      input_type: "passage",
    });
    const [english, chinese] = (
      await embed({ input: ["How does a rolling update work?", "滚动更新是怎样进行的？"], input_type: "query" })
    ).vectors;
    const [rollout, cat, gundong] = passages.vectors;
    for (const question of [english!, chinese!]) {
      expect(cosine(question, rollout!)).toBeGreaterThan(cosine(question, cat!));
      expect(cosine(question, gundong!)).toBeGreaterThan(cosine(question, cat!));
    }
  });

  test("a text longer than the model takes is cut and not refused", async () => {
    expect((await embed({ input: "word ".repeat(5000) })).status).toBe(200);
  });

  test("other dimensions are refused", async () => {
    expect((await embed({ input: "a", dimensions: 8 })).status).toBe(400);
  });
});
