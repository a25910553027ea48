import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactMatch, rougeL, says, tokenF1 } from "../../evals/metrics/answer-overlap.ts";
import { answerSentences } from "../../evals/metrics/answer-sentences.ts";
import { answerTokens } from "../../evals/metrics/answer-tokens.ts";
import { auroc } from "../../evals/metrics/auroc.ts";
import { kPrecision, kPrecisionPairs, numbersOf, numbersSupported } from "../../evals/metrics/grounding.ts";

describe("tokens of an answer", () => {
  test.each([
    ["The U.S. Army, in 1973!", ["us", "army", "in", "1973"]],
    ["an apple a day", ["apple", "day"]],
    ["nearly $12", ["nearly", "12"]],
    ["光荣和ω-force", ["光", "荣", "和", "ωforce"]],
    ["最大５０ＭＢ。", ["最", "大", "50mb"]],
    ["《战国无双3》", ["战", "国", "无", "双", "3"]],
  ])("of “%s” are %j", (text, tokens) => {
    expect(answerTokens(text)).toEqual(tokens);
  });
});

describe("overlap with a gold answer", () => {
  test("an exact match forgives case, articles and punctuation", () => {
    expect(exactMatch("The Normans.", ["normans"])).toBe(1);
    expect(exactMatch("１９７３年", ["1973年"])).toBe(1);
    expect(exactMatch("Normans and Danes", ["normans"])).toBe(0);
  });

  test("F1 is the harmonic mean of token precision and recall: 2·2/(3+4)", () => {
    // {cat, sat, down} and {cat, sat, on, mat} share two.
    expect(tokenF1("the cat sat down", ["a cat sat on the mat"])).toBeCloseTo(4 / 7);
    // 北京市 and 北京 share two of three and two characters.
    expect(tokenF1("北京市", ["北京"])).toBeCloseTo(4 / 5);
    expect(tokenF1("上海", ["北京"])).toBe(0);
  });

  test("a token counts as often as the gold answer has it", () => {
    expect(tokenF1("no no no", ["no"])).toBeCloseTo(2 / 4);
  });

  test("of several gold answers the best one counts", () => {
    expect(tokenF1("12", ["nearly $12", "$12"])).toBe(1);
  });

  test("ROUGE-L follows the order of tokens", () => {
    // police killed the gunman / police kill the gunman (Lin's example, without the article): 2 of 3 and 3.
    expect(rougeL("police killed the gunman", ["police kill the gunman"])).toBeCloseTo(4 / 6);
    // gunman … police: only one of the two is in order.
    expect(rougeL("gunman police", ["police gunman"])).toBeCloseTo(0.5);
    expect(rougeL("先装后用", ["先用后装"])).toBeCloseTo(0.5);
  });

  test("a fact is said as a run of whole tokens", () => {
    expect(says("It listens on port 8080.", ["8080"])).toBe(true);
    expect(says("It listens on port 18080.", ["8080"])).toBe(false);
    expect(says("At most 50 MB each", ["fifty MB", "50 MB"])).toBe(true);
    expect(says("单个文件最大 50 MB。", ["50MB", "50 MB"])).toBe(true);
    expect(says("单个文件最大 50 MB。", ["50MB"])).toBe(true);
    expect(says("一次最多 20 个文件", ["最多20个"])).toBe(true);
    expect(says("一次最多 120 个文件", ["最多20个", "20 个"])).toBe(false);
  });
});

describe("grounding", () => {
  test("k-precision is the share of content words that the cited text has", () => {
    // port, 8080 are there; default is not.
    expect(kPrecision("The default port is 8080. [1]", "The server uses port 8080.")).toBeCloseTo(2 / 3);
    expect(kPrecision("ports", "a port")).toBe(1);
    expect(kPrecision("最大五十兆", "最大五十兆字节")).toBe(1);
    expect(kPrecision("anything", "")).toBe(0);
  });

  test("pairs see an order that the cited text does not have", () => {
    expect(kPrecision("Paris calls London.", "London calls Paris.")).toBe(1);
    expect(kPrecisionPairs("London calls Paris.", "London calls Paris.")).toBe(1);
    expect(kPrecisionPairs("Paris calls London.", "London calls Paris.")).toBe(0);
  });

  test("numbers are compared without separators and in either width", () => {
    expect(numbersOf("1. There are 1,190 questions [2] in ２４０ texts, 3.5 each")).toEqual(["1190", "240", "3.5"]);
    expect(numbersSupported("It takes 5 or 9 days", "5 days")).toBe(0.5);
    expect(numbersSupported("It takes days", "5 days")).toBe(1);
  });
});

describe("sentences of an answer", () => {
  test("markers and code belong to no sentence, and offsets are code points", () => {
    const answer = "😀 It runs. [1] 默认端口是 8080。[2]\n```sh\nnpm start\n```";
    expect(answerSentences(answer)).toEqual([
      { text: "😀 It runs.", start: 0, end: 10 },
      { text: "默认端口是 8080。", start: 15, end: 26 },
    ]);
  });
});

describe("AUROC", () => {
  test("is the share of pairs in the right order, ties half", () => {
    // (.9 > .8, .9 > .3), (.5 < .8, .5 > .3): 3 of 4.
    expect(auroc([0.9, 0.5], [0.8, 0.3])).toBe(0.75);
    expect(auroc([1, 1], [1])).toBe(0.5);
    expect(auroc([], [1])).toBeNaN();
  });

  test("equals the count of pairs for any scores", () => {
    const scores = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const points = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const share = points.reduce((a: number, b) => a + b, 0) / points.length;
        expect(auroc(positives, negatives)).toBeCloseTo(share, 10);
      }),
    );
  });
});
