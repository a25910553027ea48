import type { Found } from "./examples.ts";
import type { Features } from "./optimise.ts";
import type { List } from "./softmax.ts";

export type Scored = { readonly found: Found; readonly support: number };

/** Share of the lists that have a right item among the first `depth`, as text with three decimals. */
export function firstRight(lists: readonly List[], weights: Features, depth: number): string {
  const hits = lists.filter(({ items, right }) => {
    const worth = items.map((item) =>
      Object.entries(item).reduce((sum, [name, value]) => sum + value * (weights[name] ?? 0), 0),
    );
    const order = items.map((_, i) => i).sort((a, b) => worth[b]! - worth[a]!);
    return order.slice(0, depth).some((i) => right.includes(i));
  });
  return (hits.length / lists.length).toFixed(3);
}

/** How likely an answerable question has more support than one that is not; a dash without any of the latter. */
export function auroc(scored: readonly Scored[], against: "foreign" | "near"): string {
  const answerable = scored.filter(({ found }) => found.asked.gold.length > 0).map(({ support }) => support);
  const others = scored
    .filter(({ found }) => (against === "near" ? found.asked.isNear : found.isForeign))
    .map(({ support }) => support);
  if (others.length === 0) return "–";
  const won = answerable.reduce(
    (sum, a) => sum + others.reduce((wins, b) => wins + (a > b ? 1 : a === b ? 0.5 : 0), 0),
    0,
  );
  return (won / (answerable.length * others.length)).toFixed(3);
}
