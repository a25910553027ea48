import { SOUND_ALIKE_CHARACTERS } from "./sound-alike-characters.ts";
import { segmentHan } from "./synonyms.ts";
import { comparable } from "./tokenize.ts";

const HAN_RUN = /\p{Script=Han}+/gu;
const HAN_PAIR = /^\p{Script=Han}{2}$/u;

/** Characters that join words stand beside any other. Not 和, which many write for 合. */
const JOINS = /[的得地了着过是在有没不我你您他她它们这那哪个给把被让从对为以吗呢吧啊就也都还要会能可到上下里中]/u;

/** A question of more unknown pairs is about something else, or a pasted text. */
const MAX_MENDED = 12;

const segmenter = new Intl.Segmenter("zh", { granularity: "word" });
let alike: Map<string, string> | undefined;

/** Words of two characters that differ from a pair in one, and not in its sound: 密钥 for 蜜钥. Nothing for other terms. */
export function soundAlikes(term: string): string[] {
  return HAN_PAIR.test(term) ? sameInSound(term).filter(isWord) : [];
}

/**
 * Pairs of characters of a question that may be a slip of an input method: those that the segmenter takes for words of
 * their own, as it does with what is no word.
 */
export function pairsThatMayBeSlips(question: string): Set<string> {
  const pairs = new Set<string>();
  for (const [run] of comparable(question).matchAll(HAN_RUN)) {
    let before = "";
    for (const { segment } of segmenter.segment(run)) {
      const isAlone = Array.from(segment).length === 1 && !JOINS.test(segment);
      if (isAlone && before !== "") pairs.add(before + segment);
      before = isAlone ? segment : "";
    }
  }
  return pairs;
}

/**
 * The question with the pairs put right that no text has and that sound like a word that some have, the
 * one that most have. `heldBy` counts the texts that have a pair.
 */
export function withSoundsMended(question: string, heldBy: (pair: string) => number): string {
  let mended = question;
  const unknown = [...pairsThatMayBeSlips(question)].filter((pair) => heldBy(pair) === 0);
  for (const pair of unknown.slice(0, MAX_MENDED)) {
    const held = sameInSound(pair).map((word) => ({ word, texts: heldBy(word) }));
    const known = held.filter(({ word, texts }) => texts > 0 && isWord(word)).sort((a, b) => b.texts - a.texts);
    mended = mended.replaceAll(pair, () => known[0]?.word ?? pair);
  }
  return mended;
}

const isWord = (pair: string): boolean => segmentHan(pair).length === 1;

function sameInSound(pair: string): string[] {
  const [first, second] = Array.from(pair) as [string, string];
  return [...sameSound(first).map((other) => other + second), ...sameSound(second).map((other) => first + other)];
}

function sameSound(character: string): string[] {
  alike ??= byCharacter();
  return Array.from(alike.get(character) ?? "").filter((other) => other !== character);
}

function byCharacter(): Map<string, string> {
  const found = new Map<string, string>();
  for (const group of SOUND_ALIKE_CHARACTERS) {
    for (const character of group) found.set(character, (found.get(character) ?? "") + group);
  }
  return found;
}
