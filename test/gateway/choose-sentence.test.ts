import { expect, test } from "vitest";
import { composeAnswer } from "../../services/gateway/extractive/compose-answer.ts";
import { questionKind } from "../../services/shared/question-kind.ts";

const first = (question: string, ...items: readonly (readonly [path: string, text: string])[]): string | undefined => {
  const evidence = items.map(([path, text], i) => ({ number: i + 1, path: path.split(" > "), text }));
  return composeAnswer({ question, evidence })?.split(/ \[\d+\]/)[0];
};

test("a procedure for exactly what is asked beats one for a special case", () => {
  const special = "To remove a document that came from a folder source, remove its file from the folder.";
  const exact = "To delete a document, run ./cairn documents delete ID:\n\n./cairn documents delete ID";
  expect(
    first("How do I remove a document?", ["Folder sources", special], ["Ingest > How to delete a document", exact]),
  ).toBe("To delete a document, run ./cairn documents delete ID:");
});

test("one step of another procedure is no answer", () => {
  const upgrade = "要升级 Cairn，按下面的步骤操作：\n\n1. 停止 Cairn。\n2. 备份数据文件夹。\n3. 运行 npm ci。";
  const backup = "要备份 Cairn 的数据，先停止进程，再复制数据文件夹：\n\ncp -a .cairn /backup";
  expect(first("怎样备份数据？", ["运维 > 如何升级", upgrade], ["运维 > 如何备份", backup])).toMatch(
    /^要备份 Cairn 的数据/,
  );
});

test("a sentence is preferred to a row, and to one that only says where to look", () => {
  const rows = "process | port\ngateway | 8081\ningestion API | 8082";
  const pointer = "For the port of the gateway see the page on ports.";
  const sentence = "The gateway listens on port 8081 by default.";
  const question = "Which port does the gateway use?";
  expect(first(question, ["Processes", rows], ["More", pointer], ["Ports", sentence])).toBe(sentence);
});

test("what something is beats what happens to it", () => {
  const events = "The chunks are written to the index. The best chunks are chosen.";
  const definition = "A chunk is a passage that search can find.";
  expect(first("What is a chunk?", ["Way", events], ["Glossary", definition])).toBe(definition);
});

test("slips and other words of the same meaning are understood", () => {
  const evidence = [
    "Ingest",
    "To upload a document, send the file to POST /v1/documents. A file may be at most 50 MB.",
  ] as const;
  expect(first("how do i uplaod a documnet", evidence)).toMatch(/^To upload a document/);
  expect(first("What's the biggest file?", evidence)).toBe("A file may be at most 50 MB.");
});

test("the language of the question is preferred when both have the answer", () => {
  const zh = ["端口", "gateway 监听 8081 端口（port）。"] as const;
  expect(first("Which port does the gateway use?", zh, ["Ports", "The gateway listens on port 8081."])).toBe(
    "The gateway listens on port 8081.",
  );
});

test("a lead-in that names an option is not code", () => {
  const text =
    "要构建 Docker 镜像，用 --target 选择进程：\n\ndocker build --target gateway .\n\nCairn 的 Docker 镜像基于 Debian slim。";
  expect(first("如何构建 Docker 镜像？", ["Docker", text])).toBe("要构建 Docker 镜像，用 --target 选择进程：");
});

test.each([
  ["What is the difference between open mode and key mode?", "comparison"],
  ["检索接口跟聊天接口有什么差别？", "comparison"],
  ["What's the biggest file?", "number"],
  ["What does needs_ocr mean?", "definition"],
  ["The port is in use, what should I do?", "how-to"],
])("%s asks for a %s", (question, kind) => {
  expect(questionKind(question)).toBe(kind);
});

test("sentences beside the best one that bear on the question follow it as one excerpt under one marker", () => {
  const text =
    "Rail transport in Victoria is run by several operators over lines that the government owns. " +
    "Major operators of rail transport in Victoria are Metro Trains and V/Line. The weather is mild.";
  const evidence = [{ number: 1, path: ["Victoria"], text }];
  const answer = composeAnswer({ question: "Who owns the rail lines in Victoria?", evidence })!;
  expect(answer).toMatch(/government owns\. .*V\/Line\.( The weather is mild\.)? \[1\]$/);
  expect(answer.match(/\[1\]/g)).toHaveLength(1);
});

test.each([
  ["python example", "how-to"],
  ["make a key that expires", "how-to"],
  ["换到 postgres", "how-to"],
  ["用 curl 提问", "how-to"],
  ["删了马上就没了吗", "other"],
  ["错误代码", "other"],
])("%s in keywords asks for %s", (question, kind) => {
  expect(questionKind(question)).toBe(kind);
});
