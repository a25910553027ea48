import { type Features, type Learn, type Optimised, optimise } from "./optimise.ts";

/** The items of one question. `right` are the positions of those that answer it. */
export type List = { readonly items: readonly Features[]; readonly right: readonly number[]; readonly weight: number };

/**
 * Weights under which the right items of a list get as much as possible of its softmax (ListNet: Cao et al., 2007, with
 * several right ones). No weight is below `least`. Deterministic. Lists without a right or a wrong item teach nothing.
 */
export function learnRanking(
  lists: readonly List[],
  { rounds = 60, least }: { readonly rounds?: number; readonly least?: number } = {},
): Optimised["weights"] {
  const telling = lists.filter(({ items, right }) => right.length > 0 && right.length < items.length);
  const learn: Learn<List> = ({ items, right, weight }, score, push) => {
    const scores = items.map(score);
    const highest = Math.max(...scores);
    const odds = scores.map((value) => Math.exp(value - highest));
    const all = odds.reduce((sum, value) => sum + value, 0);
    const good = right.reduce((sum, i) => sum + odds[i]!, 0);
    for (const [i, item] of items.entries()) {
      push(item, weight * (odds[i]! / all - (right.includes(i) ? odds[i]! / good : 0)));
    }
  };
  return optimise(telling, rounds, learn, least).weights;
}
