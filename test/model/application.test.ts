import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type LocalApp, openLocal, textOf } from "../helpers/local.ts";
import { type ModelServer, modelServer } from "./model-server.ts";

const LIMITS = "# Limits\n\nUploads are limited to 50 MB per file. A request may hold at most 20 files.\n";

let server: ModelServer | string;
let app: LocalApp | undefined;

beforeAll(async () => {
  server = await modelServer();
  if (typeof server === "string") process.stdout.write(`test:model skipped: ${server}\n`);
  else app = await openLocal({ files: { "limits.md": LIMITS }, modelUrl: server.baseUrl, chatModel: server.model });
});
beforeEach(({ skip }) => skip(typeof server === "string", String(server)));
afterAll(async () => {
  await app?.close();
  if (typeof server !== "string") server.stop();
});

test("the whole application answers through a real model, and its record says so", async () => {
  const completion = await app!.ask("What is the upload limit for one file?");
  expect(["answered", "partial"]).toContain(completion.outcome);
  expect(textOf(completion).length).toBeGreaterThan(0);
  for (const [, number] of textOf(completion).matchAll(/\[(\d+)\]/g)) {
    expect(completion.citations.map(({ marker }) => marker)).toContain(Number(number));
  }
  for (const { source } of completion.citations) expect(LIMITS).toContain(source.quote);
  const { models } = completion.lineage as unknown as { models: { upstream: string }[] };
  expect(models[0]!.upstream).toBe("openai");
});

test("what no document says is refused before the model is asked", async () => {
  expect((await app!.ask("Who won the football world cup in 1954?")).outcome).toBe("no_evidence");
});
