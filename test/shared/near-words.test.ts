import { expect, test } from "vitest";
import { isMendable, meantBy, nearestWords } from "#shared/near-words.ts";

test.each([
  ["uplaod", "upload"],
  ["documnet", "document"],
  ["shutdwon", "shutdown"],
  ["redis", undefined],
  ["kafka", undefined],
])("%s is understood as %s", (word, meant) => {
  expect(meantBy(word, ["upload", "document", "shutdown", "read", "key"])).toBe(meant);
});

test("a short word with another letter is another word", () => {
  expect(meantBy("slack", ["stack"])).toBeUndefined();
  expect(meantBy("dokument", ["document"])).toBe("document");
});

test("the nearest word comes first, and a word is not near to itself", () => {
  expect(nearestWords("shutdwon", ["shutdowns", "shutdown", "shutdwon"])).toEqual(["shutdown", "shutdowns"]);
});

test("in a short word only two letters that changed places are a slip", () => {
  expect(meantBy("lsit", ["lost", "list", "lit"])).toBe("list");
  expect(meantBy("kye", ["key"])).toBe("key");
  expect(meantBy("prot", ["pro", "proto", "plot"])).toBeUndefined();
});

test("numbers, identifiers and very short words are left as they are", () => {
  for (const word of ["is", "v1_29", "8080", "端口"]) expect(isMendable(word)).toBe(false);
});
