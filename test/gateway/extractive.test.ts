import { expect, test } from "vitest";
import { composeAnswer } from "../../services/gateway/extractive/compose-answer.ts";
import { splitSentences } from "../../services/gateway/extractive/split-sentences.ts";
import { extractiveUpstream } from "../../services/gateway/upstreams/extractive.ts";
import type { ChatDelta, ChatRequest } from "../../services/gateway/upstreams/upstream.ts";
import { collect } from "../helpers/collect.ts";

type Item = readonly [path: string, text: string];

const answer = (question: string, ...items: readonly Item[]): string | undefined => {
  const evidence = items.map(([path, text], i) => ({ number: i + 1, path: path.split(" > "), text }));
  return composeAnswer({ question, evidence });
};

const ask = async (request: ChatRequest): Promise<{ text: string; end: ChatDelta | undefined }> => {
  const deltas = await collect(await extractiveUpstream().stream(request, new AbortController().signal));
  return { text: deltas.map((delta) => (delta.type === "text-delta" ? delta.text : "")).join(""), end: deltas.at(-1) };
};

const prompt = (question: string): string =>
  `Evidence:\n\n[1] Kernel > History\nDr. J. Smith wrote v1.29 in Oslo. It was released in 1998.\n\nQuestion: ${question}`;

const NORMANS: Item = [
  "Normans",
  "The Normans were the people who in the 10th and 11th centuries gave their name to Normandy, a region in France. " +
    "They were descended from Norse raiders and pirates from Denmark, Iceland and Norway. " +
    "Their leader Rollo agreed to swear fealty to King Charles III of West Francia.",
];
const OXYGEN: Item = [
  "Oxygen",
  "Oxygen is a chemical element with symbol O and atomic number 8. Diatomic oxygen gas constitutes 20.8% of the Earth's atmosphere. " +
    "Oxygen was discovered by Carl Wilhelm Scheele in Uppsala in 1773.",
];

test.each([
  ["What percentage of the Earth's atmosphere is diatomic oxygen?", "20.8%", 2],
  ["When was oxygen discovered?", "1773", 2],
  ["Who was the leader that swore fealty to King Charles III?", "Rollo", 1],
  ["From which countries did the Norse raiders come?", "Denmark, Iceland and Norway", 1],
])("%s is answered by the sentence that says it, with its citation", (question, gold, number) => {
  const text = answer(question, NORMANS, OXYGEN)!;
  const sentence = text.split(/(?<=\]) /).find((one) => one.includes(gold));
  expect(sentence).toMatch(new RegExp(`\\[${number}\\]$`));
});

const LIMITS: Item = ["限制 > 上传的限制", "单个文件最大 50 MB。一次上传请求最多 20 个文件。解析一个文档最长 20 秒。"];
const STOP: Item = [
  "安装与启动 > 如何停止 Cairn",
  "要停止 Cairn，在运行它的终端按 Ctrl-C，或向进程发送 SIGTERM。停止时，正在输出的回答最多还有 60 秒可以说完。",
];
const BACKUP: Item = [
  "运维 > 如何备份",
  "要备份 Cairn 的数据，先停止进程，再复制数据文件夹：\n\ncp -a .cairn /backup/cairn-1",
];

test.each([
  ["单个文件最大多大？", "单个文件最大 50 MB。 [1]"],
  ["怎么停止 Cairn？", "要停止 Cairn，在运行它的终端按 Ctrl-C，或向进程发送 SIGTERM。 [2]"],
])("%s is answered in Chinese by the sentence that says it first", (question, start) => {
  expect(answer(question, LIMITS, STOP, BACKUP)!.startsWith(start)).toBe(true);
});

test("a command after a chosen lead-in comes with it, as a code block after the citation", () => {
  expect(answer("如何备份数据？", STOP, BACKUP)).toContain(
    "要备份 Cairn 的数据，先停止进程，再复制数据文件夹： [2]\n\n```\ncp -a .cairn /backup/cairn-1\n```",
  );
  const start: Item = ["Install > Start", "To start Cairn, run:\n\nnpm ci && npm start\n\nIt listens on port 8080."];
  expect(answer("How do I start Cairn?", start)).toMatch(
    /^To start Cairn, run: \[1\]\n\n```\nnpm ci && npm start\n```/,
  );
});

test("code with blank lines stays one block and its text is kept as written", () => {
  const code = 'from openai import OpenAI\n\nclient = OpenAI(\n    base_url="http://127.0.0.1:8080/v1",\n)';
  expect(answer("How do I connect Python?", ["SDK > Python", `To connect from Python, run:\n\n${code}`])).toContain(
    `\`\`\`\n${code}\n\`\`\``,
  );
});

test("a lead-in keeps the first six items of its list, each cited", () => {
  const items = Array.from({ length: 8 }, (_, i) => `- format ${i + 1}`);
  const text = answer("Which formats are supported?", [
    "Formats",
    `The supported formats are:\n\n${items.join("\n")}`,
  ])!;
  expect(text.startsWith("The supported formats are: [1]\n\n- format 1 [1]\n- format 2 [1]")).toBe(true);
  expect(text).toContain("format 6");
  expect(text).not.toContain("format 7");
});

test("a table row answers for its key", () => {
  const rows = "Setting | Default | Meaning\nCAIRN_PORT | 8080 | port of the API\nCAIRN_HOST | 127.0.0.1 | address";
  expect(answer("What is the default of CAIRN_PORT?", ["Settings", rows])).toMatch(
    /^CAIRN_PORT \| 8080 \| port of the API \[1\]/,
  );
});

test("a row that names its columns answers alone, not with the rows around it", () => {
  const rows = "Depot: Alder; Pallets: 1200\nDepot: Cedar; Pallets: 2450\nDepot: Elm; Pallets: 90";
  expect(answer("How many pallets does the depot Cedar hold?", ["Depots", rows])).toBe(
    "Depot: Cedar; Pallets: 2450 [1]",
  );
});

test("a question of one word that fits every question is a question after that word", () => {
  const about: Item = [
    "Cairn handbook > What Cairn is",
    "Cairn is an open-source chatbot for your own documents. Every answer of Cairn carries citations. Every answer of Cairn also has a lineage.",
  ];
  expect(answer("What is Cairn?", about)).toMatch(/^Cairn is an open-source chatbot/);
});

test("a definition is preferred to a mention", () => {
  const text = answer(
    "What is a release?",
    ["Lineage", "Every answer names its release. The release is digested."],
    ["Releases", "A release is a content-addressed configuration."],
  );
  expect(text).toMatch(/^A release is a content-addressed configuration\. \[2\]/);
});

test("the same sentence in two documents is said once", () => {
  const text = answer("Which port?", ["A", "The port is 8080 for all."], ["B", "The port is 8080 for all."]);
  expect(text).toBe("The port is 8080 for all. [1]");
});

test("a heading, a question or an echo of the question is no answer", () => {
  const text = answer(
    "Which port does the API listen on?",
    ["Check", 'To check, run:\n\n./cairn ask "Which port does the API listen on?"'],
    ["Ports", "Which port does the API listen on?\n\nThe API listens on port 8080."],
  );
  expect(text).toMatch(/^The API listens on port 8080\. \[2\]/);
});

test("evidence that speaks of something else gives no answer", () => {
  expect(answer("Who painted Guernica?", ["Ports", "The gateway listens on 8081."])).toBeUndefined();
});

test("sentences end where their authors ended them", () => {
  expect(splitSentences("Dr. J. Smith met Mr. Lee, e.g. in Oslo. Use v1.29 now! Why? See No. 5.")).toEqual([
    "Dr. J. Smith met Mr. Lee, e.g. in Oslo.",
    "Use v1.29 now!",
    "Why?",
    "See No. 5.",
  ]);
  expect(splitSentences("他说：“好。”然后走了。真的吗？！是的")).toEqual([
    "他说：“好。”",
    "然后走了。",
    "真的吗？！",
    "是的",
  ]);
});

test("the model streams pieces, counts tokens and stops by itself", async () => {
  const { text, end } = await ask({ messages: [{ role: "user", content: prompt("Where was v1.29 written?") }] });
  expect(text).toMatch(/^Dr\. J\. Smith wrote v1\.29 in Oslo\. \[1\]/);
  expect(end).toMatchObject({ type: "end", finishReason: "stop", usage: { estimated: true } });
});

test("max_tokens and stop are honoured", async () => {
  const messages = [{ role: "user" as const, content: prompt("Where was v1.29 written?") }];
  expect(await ask({ messages, maxTokens: 4 })).toMatchObject({
    text: "Dr. J. Smith ",
    end: { finishReason: "length" },
  });
  expect(await ask({ messages, stop: [" wrote"] })).toMatchObject({
    text: "Dr. J. Smith",
    end: { finishReason: "stop" },
  });
});

test("without evidence it says so in the language of the question", async () => {
  expect((await ask({ messages: [{ role: "user", content: "Tell me a joke" }] })).text).toMatch(
    /^I answer only from supplied evidence/,
  );
  expect((await ask({ messages: [{ role: "user", content: "讲个笑话" }] })).text).toMatch(/^我只能根据/);
});

test("an abort ends the answer", async () => {
  const leave = new AbortController();
  const deltas = await extractiveUpstream().stream(
    { messages: [{ role: "user", content: prompt("Where was v1.29 written?") }] },
    leave.signal,
  );
  await deltas.next();
  leave.abort();
  await expect(deltas.next()).rejects.toMatchObject({ code: "unavailable" });
});
