import { languageOf } from "#shared/language.ts";
import { simplified } from "#shared/simplified.ts";
import { joinAlone, segmentHan } from "#shared/synonyms.ts";

const PRONOUN_EN = /\b(it|them|they|that one|this one|those|these|that|this)\b/i;
const OPENER_EN = /^(and|but|so|then|also|what about|how about|ok(ay)?)\b[,\s]*/i;
/** “one” and “ones” for a thing that was named: at the end of a clause, with what tells it from others kept. */
const ONE_EN = /\bones?\b(?=\s*(?:[?.!,;]|$|of\s+(?:them|these|those)\b|(?:is|are|from|in|for)\b))/i;
const PLURAL_PRONOUN_EN = /\b(them|they|those|these|ones)\b/i;
const ARTICLE_EN = "an?|the|my|our|your|some|new|this|these";
const PREPOSITION_EN = "in|of|on|from|with|for|to|by|at|into|over|after|before";
/** Where a noun phrase is over. */
const NO_NOUN_EN = `${ARTICLE_EN}|${PREPOSITION_EN}|be|been|is|are|that|which|when|if|and|or|as|than|it`;
const NOUN_PHRASE_EN = new RegExp(
  `(?:\\b(${PREPOSITION_EN})\\s+)?\\b(?:${ARTICLE_EN})\\s+((?:(?!(?:${NO_NOUN_EN})\\b)[\\w'-]+\\s?){1,3})`,
  "gi",
);
/** What is done, before what it is done to: “How do I back up ”. */
const TASK_EN = /^.*?\b(?:i|we|you|one)\s+[a-z]+\s+(?:(?:up|down|in|on|out|off)\s+)?(?=\S)/i;
const PRONOUN_ZH = /其中(?:一个|之一|某个)|它们?|这个|那个|这些|那些|其(?=[中他]?[的是在])/;
const FOLLOW_ZH = /^(那么?|然后|还有|另外|接着)|呢[？?]?$/;
const ASKING_ZH =
  /请问|如何|怎么样?|怎样|什么|哪里|哪些|哪个|是否|能不能|能否|可以|可不可以|多少|为什么|我要?|想要?|需要|应该|一个|吗|呢|的|了|是|在|把|有|[？?。！，,]/g;
/** 把文档传上去 is about the 文档. */
const OBJECT_ZH = /把([^，。,？?]+)/;
/** 网关的熔断器什么时候打开 is about 网关的熔断器. */
const SUBJECT_ZH =
  /^(?:请问|那么?)?((?:[\p{Script=Han}]{1,6}的)?[\p{Script=Han}]{2,5})(?:什么时候|何时|为什么|怎么|怎样|如何|在哪(?!个)|是什么|是怎|有什么用|会不会|能不能)/u;
/** “怎么改成别的？” says what is done and not to what. */
const NAMELESS_ZH =
  /^(?:那|又)?(?:怎么|如何|怎样)(?:才能|可以)?\p{Script=Han}{1,2}(?:成别的|一下|掉|回来|回去)?(?:呢|吗)?[？?]?$/u;
const MEASURE_ZH = /最|多?[大长久少]|多/g;
const HOW_ZH = /如何|怎么样?|怎样/;
const SHORT_EN = 5;
const STOP_EN = new Set(
  "how what which where when who why do does did is are was were can could should would will may i we you to a an the in on of for and or with my our your about me tell please there then just".split(
    " ",
  ),
);

/**
 * Makes a follow-up understandable without the conversation: a pronoun becomes what the question before was about.
 * Deterministic, so that a replay gives the same search. `before` are the user's earlier questions, oldest first.
 */
export function standaloneQuestion(question: string, before: readonly string[]): string {
  let context = "";
  for (const earlier of before) context = resolve(simplified(earlier), context);
  return resolve(context === "" ? question : simplified(question), context);
}

function resolve(question: string, context: string): string {
  if (context === "") return question;
  return languageOf(question) === "zh" ? resolveZh(question, context) : resolveEn(question, context);
}

function resolveEn(question: string, context: string): string {
  const words = question.match(/[\w'-]+/g) ?? [];
  const points = PRONOUN_EN.test(question) || ONE_EN.test(question);
  const dependent = points || OPENER_EN.test(question) || contentWords(question).length <= 1;
  const topic = topicOfEn(context, PLURAL_PRONOUN_EN.test(question));
  if (!dependent || words.length > 25 || topic === "") return question;
  const body = question.replace(OPENER_EN, "");
  // With an article, so that the next follow-up finds the same noun phrase and not the verb before it.
  if (PRONOUN_EN.test(body)) return body.replace(PRONOUN_EN, () => `the ${topic}`);
  if (points) return body.replace(ONE_EN, () => topic);
  // "What about PDF?" continues the whole question before; "And how do I delete?" only lacks its object.
  if (words.length <= SHORT_EN && contentWords(body).length <= 2 && !/\b(how|where|when|who)\b/i.test(body)) {
    const other = sameAskedOf(body, context);
    if (other !== undefined) return other;
    const replaced = topic.split(" ");
    const asked = contentWords(context);
    const rest = asked.filter((word) => !replaced.includes(word));
    return `${body.replace(/[?？\s]+$/, "")} ${(rest.length > 0 ? rest : asked).join(" ")}?`;
  }
  return `${body.replace(/[?？\s]+$/, "")} ${topic}?`;
}

/** “Black tea?” after “How hot is green tea?” asks the same of another thing of its kind: “How hot is black tea?” */
function sameAskedOf(body: string, context: string): string | undefined {
  const phrase = contentWords(body);
  const kind = phrase.at(-1)?.toLowerCase();
  const words = context.split(/\s+/);
  const plain = words.map((word) => word.toLowerCase().replace(/[^\p{L}\p{N}._'-]+$/u, ""));
  const end = kind === undefined || phrase.length < 2 ? -1 : plain.indexOf(kind);
  if (end < 0) return undefined;
  let start = end;
  while (start > 1 && !STOP_EN.has(plain[start - 1]!)) start -= 1;
  if (start === end) return undefined;
  return [...words.slice(0, start), ...phrase, ...words.slice(end + 1)].join(" ").replace(/[?？\s]*$/, "?");
}

function resolveZh(question: string, context: string): string {
  const topic = topicOfZh(context);
  // “为什么？” and “最大多大？” ask of the question before as it stands.
  if (wordsZh(question.replaceAll(ASKING_ZH, " ").replaceAll(MEASURE_ZH, " ")).length === 0) {
    return `${context.replace(/[?？\s]+$/, "")}，${question}`;
  }
  const points = PRONOUN_ZH.test(question) || FOLLOW_ZH.test(question) || NAMELESS_ZH.test(question);
  if (topic === "" || !points) return question;
  if (PRONOUN_ZH.test(question)) return question.replace(PRONOUN_ZH, () => topic);
  const body = question.replace(/^(那么?|然后|还有|另外|接着)[，,]?/, "").replace(/呢?[？?]?$/, "");
  if (body.includes(topic)) return question;
  // “那吊销呢？” asks of another thing what was asked before.
  const how = HOW_ZH.test(body) ? "" : (HOW_ZH.exec(context)?.[0] ?? "");
  return `${how}${body}${topic}？`;
}

/**
 * What a question is about, as far as a rule can tell: its last noun phrase that stands in no other (the breaker, of “a
 * breaker in the gateway”), of the number that the follow-up speaks in.
 */
function topicOfEn(question: string, plural: boolean): string {
  const phrases = [...question.matchAll(NOUN_PHRASE_EN)]
    .map(([, inside, words = ""]) => ({ inside, words: contentWords(words).join(" ") }))
    .filter(({ words }) => words !== "");
  const free = phrases.filter(({ inside }) => inside === undefined);
  const candidates = free.length > 0 ? free : phrases;
  const topic = candidates.findLast(({ words }) => isPlural(words) === plural) ?? candidates.at(-1);
  return topic?.words ?? contentWords(question.replace(TASK_EN, "")).slice(-2).join(" ");
}

const isPlural = (words: string): boolean => /[^s]s$/i.test(words);

/** What a question is about: what is handled, or what comes before the asking word, or its last word. */
function topicOfZh(question: string): string {
  const [, object] = OBJECT_ZH.exec(question) ?? [];
  const handled = wordsZh((object ?? "").replaceAll(ASKING_ZH, " ")).find((word) => word.length > 1);
  if (handled !== undefined) return handled;
  const [, subject = ""] = SUBJECT_ZH.exec(question) ?? [];
  if (subject !== "") return subject;
  const words = wordsZh(question.replaceAll(ASKING_ZH, " "));
  return words.findLast((word) => word.length > 1) ?? words.at(-1) ?? "";
}

function wordsZh(text: string): string[] {
  const words = joinAlone(segmentHan(text), (segment) => /^\p{L}$/u.test(segment));
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word));
}

function contentWords(text: string): string[] {
  return (text.match(/[\p{L}\p{N}][\p{L}\p{N}._'-]*/gu) ?? []).filter((word) => !STOP_EN.has(word.toLowerCase()));
}
