import { SYNONYM_GROUPS } from "./synonym-groups.ts";
import { tokenize } from "./tokenize.ts";

const HAN = /^\p{Script=Han}/u;
const others = new Map<string, Set<string>>();
for (const line of SYNONYM_GROUPS) {
  const terms = line.split(" ").map(termOf);
  for (const term of terms) {
    const known = others.get(term) ?? new Set<string>();
    for (const other of terms) if (other !== term) known.add(other);
    others.set(term, known);
  }
}

function termOf(word: string): string {
  return HAN.test(word) ? word : (tokenize(word)[0] ?? word);
}

const KNOWN_HAN = new RegExp(
  `(${[...others.keys()]
    .filter((term) => HAN.test(term) && term.length > 1)
    .sort((a, b) => b.length - a.length)
    .join("|")})`,
);
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

/** Index terms and Chinese words that mean much the same. `传上去` is understood by its verb. */
export function synonymsOf(term: string): readonly string[] {
  const known = others.get(term) ?? (HAN.test(term) ? others.get(term[0]!) : undefined);
  return known ? [...known] : [];
}

/** The segmenter cuts words that it does not know, such as 文档: segments that are `alone` side by side are one word. */
export function joinAlone(segments: readonly string[], isAlone: (segment: string) => boolean): string[] {
  const words: string[] = [];
  let open = false;
  for (const segment of segments) {
    const alone = isAlone(segment);
    if (alone && open) words.push(words.pop() + segment);
    else words.push(segment);
    open = alone;
  }
  return words;
}

/** The words of a run of Chinese characters. Those of the table stay whole where the general segmenter would cut them. */
export function segmentHan(run: string): string[] {
  return run
    .split(KNOWN_HAN)
    .flatMap((part, i) => (i % 2 === 1 ? [part] : [...segmenter.segment(part)].map(({ segment }) => segment)));
}
