import { joinAlone, segmentHan, synonymsOf } from "#shared/synonyms.ts";
import { comparable, pairTerms, queryTerms, tokenize } from "#shared/tokenize.ts";

const HAN = /^\p{Script=Han}/u;
const FIRST_HAN = 0x2e80;
const HAN_RUN = /\p{Script=Han}+/gu;
const OTHER_WORD =
  /[[\p{L}\p{N}_]--\p{Script=Han}](?:[[\p{L}\p{M}\p{N}_.\-]--\p{Script=Han}]*[[\p{L}\p{N}_]--\p{Script=Han}])?/gv;
/** Words that ask, point or join, and say nothing of what is asked about. */
const EMPTY_ZH = new Set(
  (
    "我 你 您 他 它 我们 你们 想 想要 要 需要 把 被 让 使 能 能够 会 可以 可 应该 应 怎么 怎样 怎么样 如何 什么 什么样 啥 为啥 为什么 多少 " +
    "几 几个 哪 哪个 哪些 哪里 哪儿 谁 最 最多 最大 多 大 吗 呢 啊 吧 的 地 得 了 着 过 是 是否 在 和 跟 与 或 及 有 没 没有 不 不是 不能 " +
    "不要 一 一个 一份 一下 某个 个 些 这 那 这个 那个 就 都 也 还 才 上 下 里 到 从 对 为 以 于 用 来 去 请 请问 告诉 知道 操作 样 时候 " +
    "之后 以后 之前 做 怎 能否 能不能 要不要 会不会 给 办 时 填 条 份 次 种 项 位 就是 已经 怎么办 出来 东西 全部 里面 直接 我的 你的 有没有 " +
    "没法 一种 咋 咋办 拿 拿去 比如 这样 那样 它们 如果 的话 还是 只 只能 自己 久 多久 比较 起来 过来 不出来 不了 新 新的 好 现在 目前 到底 究竟 一般 通常 啥样 会"
  ).split(" "),
);
const EMPTY_EN = new Set(
  tokenize(
    "happen mean get have has had want like please many much there about any some tell explain way thing able possible let " +
      "use used work really just so only also actually all one more than from out up at different difference between vs " +
      "go got come put give take say try do doing did done happens mistake middle again still ever every everything someone somebody " +
      "anyone anything something else first own way ways exactly easily quickly once without while during instead best good right " +
      "into onto over off via per both each other another same such too very well yes no not never always if then because",
  ),
);
const PART_OF_WORD = 0.5;
/** A single character is mostly a piece of a word that was cut wrongly, and most passages have it somewhere. */
const CHARACTER = 0.5;
/** What another word of the same meaning is worth. */
const SYNONYM = 0.85;

export type ContentWord = {
  readonly text: string;
  readonly han: boolean;
  /** Words that a passage may use instead. */
  readonly others: readonly string[];
};
export type Passage = { readonly text: string; readonly terms: ReadonlySet<string> };

/** The words of a question that say what it is about. */
export function contentWords(question: string): ContentWord[] {
  const plain = comparable(question).replaceAll(/['’]s\b|n['’]t\b/g, "");
  const kept = new Set(queryTerms(plain));
  const other = [...plain.matchAll(OTHER_WORD)]
    .flatMap(([word]) => tokenize(word).slice(0, 1))
    .filter((term) => kept.has(term));
  const telling = other.filter((term) => !EMPTY_EN.has(term));
  const han = [...plain.matchAll(HAN_RUN)].flatMap(([run]) => hanWords(run));
  return [
    ...[...new Set(telling.length + han.length > 0 ? telling : other)].map((text) => word(text, false)),
    ...[...new Set(han)].filter((text) => !isEmpty(text)).map((text) => word(text, true)),
  ];
}

const word = (text: string, han: boolean): ContentWord => ({ text, han, others: synonymsOf(text) });

function hanWords(run: string): string[] {
  return joinAlone(
    segmentHan(run).map(withoutEnding),
    (segment) => segment.length === 1 && !EMPTY_ZH.has(segment) && synonymsOf(segment).length === 0,
  );
}

/** 改了 says 改. */
function withoutEnding(word: string): string {
  return word.length > 1 && synonymsOf(word).length === 0 ? word.replace(/(?<=.)[的了着过]$/u, "") : word;
}

const isEmpty = (text: string): boolean =>
  EMPTY_ZH.has(text) || Array.from(text).every((character) => EMPTY_ZH.has(character));

export function passageOf(text: string): Passage {
  const plain = comparable(text);
  return { text: plain.toLowerCase(), terms: new Set(pairTerms(plain)) };
}

/** How much a word tells of what is asked, in (0, 1]. */
export function tellingOf({ text, han, others }: ContentWord): number {
  return han && others.length === 0 && Array.from(text).length === 1 ? CHARACTER : 1;
}

/** How far a passage holds a word or another of its meaning, in [0, 1]. */
export function presence(word: ContentWord, passage: Passage): number {
  const itself = presenceOf(word.text, passage);
  if (itself === 1 || !word.others.some((other) => isIn(other, passage))) return itself;
  return SYNONYM;
}

/** Characters of a Chinese word count in part: 上传 is in 传上去, 端口 in 端口号. */
function presenceOf(word: string, passage: Passage): number {
  if (isIn(word, passage)) return word.length > 1 || !isHan(word) || synonymsOf(word).length > 0 ? 1 : CHARACTER;
  if (word.length < 2 || !isHan(word)) return 0;
  const characters = Array.from(word);
  return (PART_OF_WORD * characters.filter((character) => passage.text.includes(character)).length) / characters.length;
}

/** Whether a passage has this very word. Pairs of characters are terms; other Chinese words have to be looked for. */
export function isIn(word: string, passage: Passage): boolean {
  return passage.terms.has(word) || (word.length !== 2 && isHan(word) && passage.text.includes(word));
}

/** Asked for every word and sentence: most words are told by their first letter. */
const isHan = (word: string): boolean => word.charCodeAt(0) >= FIRST_HAN && HAN.test(word);
