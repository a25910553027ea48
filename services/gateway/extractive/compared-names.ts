import type { Scored } from "./score-units.ts";

/** Codes, paths, settings and numbers, such as `upstream_failed`, `/livez`, `PATCH` and `401`. */
const NAME = /(?<![\w/])(?:[a-z]\w*_\w+|\/[\w/{}.-]*\w|\d{3,}|[A-Z][A-Z_]+)(?![\w/])/g;
/** What is written before a name that is explained: `- `, `The code `, `错误代码 `. */
const LEAD =
  /^(?:[-*+•·]\s+|\d{1,3}[.)、]\s+)?(?:(?:the|an?)\s+)?(?:(?:error|code|status|setting)s?\s+|错误代码\s*|错误\s*|状态码\s*|代码\s*|设置\s*)*/iu;

/** The two names that a question compares; `undefined` when it has fewer or more. */
export function comparedNames(question: string): readonly [string, string] | undefined {
  const [first, second, ...more] = new Set(question.match(NAME));
  return first !== undefined && second !== undefined && more.length === 0 ? [first, second] : undefined;
}

/**
 * One unit a name: the best of those in the question's language that begin with it and leave the other out, as rows of
 * a table and definitions do. `undefined` when a name has none in the evidence of the other.
 */
export function sideBySide(names: readonly [string, string], scored: readonly Scored[]): Scored[] | undefined {
  const [ofFirst, ofSecond] = names.map((name, i) =>
    scored.filter(
      ({ unit: { text }, features }) =>
        features.foreign === 0 && beginsWith(name, text) && !text.includes(names[1 - i]!),
    ),
  ) as [Scored[], Scored[]];
  for (const first of ofFirst) {
    const second = ofSecond.find(({ unit }) => unit.evidence === first.unit.evidence);
    if (second) return [first, second];
  }
  return undefined;
}

function beginsWith(name: string, text: string): boolean {
  const rest = text.replace(LEAD, "");
  return rest.startsWith(name) && !/^[\w/]/.test(rest.slice(name.length));
}
