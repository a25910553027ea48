import { expect, test } from "vitest";
import { comparedNames } from "../../services/gateway/extractive/compared-names.ts";
import { composeAnswer } from "../../services/gateway/extractive/compose-answer.ts";

const answer = (question: string, ...texts: readonly string[]): string | undefined =>
  composeAnswer({ question, evidence: texts.map((text, i) => ({ number: i + 1, path: ["Errors"], text })) });

const TABLE = [
  "code | status | meaning",
  "rate_limited | 429 | too many requests",
  "upstream_failed | 502 | the model server answered with an error",
  "upstream_timeout | 504 | the model server did not answer in time",
].join("\n");
const RETRY = "Retry a request after the codes rate_limited, upstream_failed and upstream_timeout.";

test("two codes are compared by the row of each", () => {
  const rows =
    "upstream_failed | 502 | the model server answered with an error [2]\n" +
    "upstream_timeout | 504 | the model server did not answer in time [2]";
  expect(answer("upstream_failed or upstream_timeout, how do they differ?", RETRY, TABLE)).toBe(rows);
});

test("the rows are of the question's language, wherever the first passage stands", () => {
  const zh = "代码 | 意思\nupstream_failed | 模型服务器返回了错误\nupstream_timeout | 模型服务器没有及时回答";
  expect(answer("upstream_failed 与 upstream_timeout 怎么区分？", TABLE, zh)).toBe(
    "upstream_failed | 模型服务器返回了错误 [2]\nupstream_timeout | 模型服务器没有及时回答 [2]",
  );
});

test("two paths are compared by the sentence of each", () => {
  const text = "Probes are cheap. /livez says whether a process is alive. /readyz says whether it can take work.";
  expect(answer("What is the difference between /livez and /readyz?", text)).toBe(
    "/livez says whether a process is alive. /readyz says whether it can take work. [1]",
  );
});

test("one sentence on both is the answer where neither has one of its own", () => {
  const both = "401 asks who you are, and 403 says that you are not allowed.";
  expect(answer("What is the difference between 401 and 403?", both)).toBe(`${both} [1]`);
});

test("names are codes, paths, settings and numbers, and exactly two of them are compared", () => {
  expect(comparedNames("PUT or PATCH, how do they differ?")).toEqual(["PUT", "PATCH"]);
  expect(comparedNames("401 和 403 有什么区别")).toEqual(["401", "403"]);
  expect(comparedNames("/v1/search vs /v1/chat/completions")).toEqual(["/v1/search", "/v1/chat/completions"]);
  expect(comparedNames("How does search differ from chat?")).toBeUndefined();
  expect(comparedNames("401, 403 and 404: how do they differ?")).toBeUndefined();
});
