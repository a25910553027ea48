import { lengthsNear, lettersMoved, nearestWords } from "./near-words.ts";

/** Words of one first letter and one length: end to end, and which letters each has, a bit for each. */
type Shelf = { text: string; readonly letters: number[] };

const CODE_A = "a".charCodeAt(0);

/**
 * Hundreds of thousands of words in memory, some 15 bytes each, among which those near to a misspelt one are found. A
 * slip keeps the first letter and nearly the length, and moves few of a word's letters: few words need a closer look.
 */
export function createWordList() {
  const shelves = new Map<string, Shelf>();

  return {
    /** Words that `isMendable` says yes to, each once. */
    add(words: readonly string[]): void {
      for (const [key, some] of Map.groupBy(words, (word) => keyOf(word[0]!, word.length))) {
        const shelf = shelves.get(key) ?? { text: "", letters: [] };
        shelves.set(key, shelf);
        shelf.text += some.join("");
        for (const word of some) shelf.letters.push(lettersOf(word));
      }
    },
    /** As `nearestWords` gives them. */
    near(word: string): string[] {
      const asked = lettersOf(word);
      const found: string[] = [];
      const [shortest, longest] = lengthsNear(word);
      for (let length = shortest; length <= longest; length++) {
        const most = lettersMoved(word, length);
        const { text, letters } = shelves.get(keyOf(word[0]!, length)) ?? { text: "", letters: [] };
        for (let i = 0; i < letters.length; i++) {
          if (bitsIn(letters[i]! ^ asked) <= most) found.push(text.slice(i * length, (i + 1) * length));
        }
      }
      return nearestWords(word, found);
    },
  };
}

export type WordList = ReturnType<typeof createWordList>;

const keyOf = (first: string, length: number): string => first + length;

function lettersOf(word: string): number {
  let letters = 0;
  for (let i = 0; i < word.length; i++) letters |= 1 << (word.charCodeAt(i) - CODE_A);
  return letters;
}

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
