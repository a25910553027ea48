import fc from "fast-check";
import { expect, test } from "vitest";
import { nearestWords } from "#shared/near-words.ts";
import { createWordList } from "#shared/word-list.ts";

const letter = fc.constantFrom(..."aabcdez");
const word = fc.array(letter, { minLength: 3, maxLength: 10 }).map((letters) => letters.join(""));

test("the words near to a misspelt one are those that a look at each of them finds", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(word, { maxLength: 60 }),
      fc.uniqueArray(word, { maxLength: 60 }),
      word,
      (one, other, slip) => {
        const list = createWordList();
        list.add(one);
        list.add(other.filter((each) => !one.includes(each)));
        expect(list.near(slip)).toEqual(nearestWords(slip, new Set([...one, ...other])));
      },
    ),
  );
});
