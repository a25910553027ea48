import fc from "fast-check";
import { expect, test } from "vitest";
import { createMarkerFilter } from "../../services/retrieval-api/answer/marker-filter.ts";

function filter(text: string, count: number, cuts: readonly number[] = []): { text: string; removed: number } {
  const { push, end } = createMarkerFilter(count);
  const out = { text: "", removed: 0 };
  const take = (piece: { text: string; removed: number }): void => {
    out.text += piece.text;
    out.removed += piece.removed;
  };
  const places = [...new Set([0, ...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort((a, b) => a - b);
  for (const [i, place] of places.slice(1).entries()) take(push(text.slice(places[i], place)));
  take(end());
  return out;
}

test("markers that resolve stay, others go and are counted", () => {
  expect(filter("Uploads end at 50 MB [1][4]. 上限为 50 MB【2】。See [1, 9].", 2)).toEqual({
    text: "Uploads end at 50 MB [1]. 上限为 50 MB[2]。See [1].",
    removed: 2,
  });
});

test("an index in code and a link are not markers", () => {
  const text = "Set spec.containers[0].name, see [the page] and [";
  expect(filter(text, 3)).toEqual({ text, removed: 0 });
});

test("however the deltas are cut, the text is the same", () => {
  const piece = fc.constantFrom("[1]", "[7]", "[1, 2]", "【2】", "[", "]", "a", " ", "1", ".", "[x]", "[12", "é", "😀");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(200), { maxLength: 20 }), (pieces, cuts) => {
      const text = pieces.join("");
      expect(filter(text, 2, cuts)).toEqual(filter(text, 2));
    }),
  );
});

test("an index before an optional access stays in the code, a question mark after a citation does not make it one", () => {
  const filter = createMarkerFilter(1);
  const text = "write(part.choices[0]?.delta) and is it 8080 [9]? No.";
  const { text: pushed } = filter.push(text);
  expect(pushed + filter.end().text).toBe("write(part.choices[0]?.delta) and is it 8080 ? No.");
});
