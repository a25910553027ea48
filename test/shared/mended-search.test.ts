import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { chunk, find, idsOf, open } from "../contract/search-index-fixtures.ts";

let home: string;
let index: SearchIndex;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cairn-mended-"));
  index = openSqliteIndex(join(home, "index.db"));
});
afterEach(async () => {
  await index.close();
  rmSync(home, { recursive: true, force: true });
});

test("a misspelt word finds what it was meant to find", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "Upload a document")]);
  await index.write(open, "v2", [chunk("v2", 0, "Revoke a key")]);
  expect(idsOf(await find(index, "how do i uplaod a documnet"))).toEqual(["v1:0"]);
});

test("what others write neither mends a word nor keeps it from being mended", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "Upload a document")]);
  const hidden = { ...open, tenant: "rival" };
  await index.write(hidden, "v2", [chunk("v2", 0, "documnat documnet shutdown")]);
  expect(idsOf(await find(index, "documnet"))).toEqual(["v1:0"]);
  expect(await find(index, "shutdwon")).toEqual([]);
});

test("a Chinese word written with a character of the same sound finds what it was meant to find", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "集合是一组有名字的文档。")]);
  await index.write(open, "v2", [chunk("v2", 0, "密钥可以吊销。")]);
  expect(idsOf(await find(index, "集和是什么意思"))).toEqual(["v1:0"]);
  expect((await find(index, "怎么查看有那些蜜钥"))[0]?.id).toBe("v2:0");
});

test("the passages under a heading that is the question come first", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "pod pod pod pod pod", { headingPath: ["Failure policy"] })]);
  await index.write(open, "v2", [chunk("v2", 0, "The smallest unit that can run.", { headingPath: ["Pods"] })]);
  await index.write(open, "v3", [chunk("v3", 0, "Something else entirely.", { headingPath: ["Nodes"] })]);
  expect((await find(index, "What is a Pod?")).map(({ id }) => id)).toEqual(["v2:0", "v1:0"]);
});

test("an index that was made before words were kept by themselves mends them too", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "Upload a document")]);
  await index.close();
  const file = new DatabaseSync(join(home, "index.db"));
  file.exec("drop table terms_1_word");
  file.close();
  index = openSqliteIndex(join(home, "index.db"));
  expect(idsOf(await find(index, "documnet"))).toEqual(["v1:0"]);
});

test("an index whose words were in no order mends them too, also those that come later", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "Upload a document")]);
  await index.close();
  const file = new DatabaseSync(join(home, "index.db"));
  file.exec(`create table kept (word text primary key) without rowid; insert into kept select word from terms_1_word;
    drop table terms_1_word; alter table kept rename to terms_1_word`);
  file.close();
  index = openSqliteIndex(join(home, "index.db"));
  expect(idsOf(await find(index, "documnet"))).toEqual(["v1:0"]);
  await index.write(open, "v2", [chunk("v2", 0, "Revoke a secret")]);
  expect(idsOf(await find(index, "sercet"))).toEqual(["v2:0"]);
});

test("after a scrub the words of removed texts are gone, and those of others are not", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "Upload a document")]);
  await index.write(open, "v2", [chunk("v2", 0, "Revoke the secret")]);
  await index.remove(["v2"]);
  await index.scrub();
  const file = new DatabaseSync(join(home, "index.db"));
  const words = file.prepare("select word from terms_1_word").all();
  file.close();
  expect(words.map(({ word }) => word)).toEqual(expect.arrayContaining(["document", "upload"]));
  expect(words.map(({ word }) => word)).not.toContain("secret");
  await index.write(open, "v2", [chunk("v2", 0, "Revoke the secret")]);
  expect(idsOf(await find(index, "sercet"))).toEqual(["v2:0"]);
});

test("words that a scrub forgot do not stand before others, though they were read before", async () => {
  await index.write(open, "v1", [chunk("v1", 0, "kubernetz")]);
  await index.write(open, "v2", [chunk("v2", 0, "kubernetb kubernetc kubernetd kubernetf kubernetg")]);
  expect(idsOf(await find(index, "kubernetq"))).toEqual(["v2:0"]);
  await index.remove(["v2"]);
  await index.scrub();
  expect(idsOf(await find(index, "kubernetq"))).toEqual(["v1:0"]);
});
