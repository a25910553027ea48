import { afterAll, beforeAll, expect, test } from "vitest";
import { type Completion, type LocalApp, openLocal, textOf, type Uploaded } from "../helpers/local.ts";
import { DONE, delta, finish, type MockUpstream, mockUpstream, streams } from "../helpers/mock-upstream.ts";

/** Astral characters, flags, joined families, combining marks, Hangul parts, ideographs outside the BMP, right-to-left text. */
const TEXT = `# 👩‍👩‍👧‍👦 Café rules 🇫🇷

🙂🙃 The Cafe\u0301 opens at 7:30 🕢 every Zo\u0308e-day. Staff wear na\u00efve \u{1F9E2} caps, ≤ 2 each.

The vault code is 𝟜𝟚 for 𠮷野家 \u1112\u1161\u11ab; the price is 12,50 €.

咖啡馆早上七点半开门🕢。员工需要佩戴帽子👒。保险库的密码由𠮷田保管。

العربية: المقهى يفتح في السابعة. q\u0323\u0307 marks stay marks.
`;
const QUESTIONS = [
  "When does the café open?",
  "What caps do staff wear?",
  "What is the vault code?",
  "咖啡馆几点开门？",
  "员工需要佩戴什么？",
  "谁保管保险库的密码？",
  "What do marks stay?",
];
let upstream: MockUpstream;
let said = "";
let app: LocalApp;
let withModel: LocalApp;
let document: Uploaded;

beforeAll(async () => {
  upstream = await mockUpstream((response, call) =>
    streams(...Array.from(said, delta), finish("stop"), DONE)(response, call),
  );
  app = await openLocal();
  withModel = await openLocal({ modelUrl: upstream.baseUrl });
  document = await app.upload({ text: TEXT, uri: "café 🙂.md" });
  await withModel.upload({ text: TEXT, uri: "café 🙂.md" });
});
afterAll(async () => {
  await app.close();
  await withModel.close();
  await upstream.close();
});

const slice = (text: string, { start, end }: { start: number; end: number }): string =>
  Array.from(text).slice(start, end).join("");

async function versionText(of: LocalApp, documentId: string, versionId: string): Promise<string> {
  const response = await of.send(`/v1/documents/${documentId}/versions/${versionId}/text`);
  return ((await response.json()) as { text: string }).text;
}

/** Every quote is the document's text, every marker has its citation, every claim lies in the answer. */
async function check(of: LocalApp, answer: Completion): Promise<void> {
  const content = textOf(answer);
  const markers = [...content.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  expect(answer.citations.map(({ marker }) => marker)).toEqual(markers);
  expect(markers.length).toBeGreaterThan(0);
  for (const { source, answer: span } of answer.citations) {
    expect(slice(await versionText(of, source.document_id, source.version_id), source)).toBe(source.quote);
    expect(source.quote).not.toBe("");
    expect(slice(content, span).trim()).not.toBe("");
    expect(slice(content, span)).not.toMatch(/^\s|\[\d+\]/);
  }
}

test.for(QUESTIONS)("the quotes of “%s” are the document's text, in code points", async (question) => {
  const answer = await app.ask(question);
  expect(answer.outcome).toBe("answered");
  await check(app, answer);
  expect(answer.citations.every(({ verified }) => verified)).toBe(true);
});

test.for([
  "🙂🙃 The café opens at 7:30 🕢 [1]. 👩‍👩‍👧‍👦 Nobody else does [1]!",
  "员工需要佩戴帽子👒。[1] 𠮷𠮷𠮷 保险库的密码由𠮷田保管[1]",
  "e\u0301e\u0301 [1]\n- 🇫🇷🇫🇷 12,50 € [1]\n- 🇫🇷 The vault code is 𝟜𝟚 [1]",
  "**[1]** The Café opens at 7:30.",
])("whatever a model says, quotes and spans stay whole: %s", async (words) => {
  said = words;
  await check(withModel, await withModel.ask("When does the café open?"));
});

test("a part of a version's text is counted in code points too", async () => {
  const whole = await versionText(app, document.document.id, document.version_id);
  const path = `/v1/documents/${document.document.id}/versions/${document.version_id}/text`;
  for (const [start, end] of [
    [0, 1],
    [3, 40],
    [whole.length, whole.length + 5],
  ] as const) {
    const part = (await (await app.send(`${path}?start=${start}&end=${end}`)).json()) as { text: string };
    expect(part.text).toBe(slice(whole, { start, end }));
  }
});

test("search results are the text at their offsets", async () => {
  const response = await app.send("/v1/search", { query: "café 咖啡馆 vault marks" });
  const { results } = (await response.json()) as {
    results: { document_id: string; version_id: string; start: number; end: number; text: string }[];
  };
  expect(results.length).toBeGreaterThan(0);
  for (const result of results) {
    expect(slice(await versionText(app, result.document_id, result.version_id), result)).toBe(result.text);
  }
});
