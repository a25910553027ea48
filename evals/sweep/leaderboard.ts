import type { Language } from "#shared/language.ts";
import { figureOf, shown } from "../gate/gates.ts";
import { bootstrap, type Interval, meanDrop } from "../gate/paired.ts";
import { METRICS, type MetricName } from "../metrics/registry.ts";
import { languagesOf } from "../report/summary.ts";
import { type RunSuite, SEED } from "../results.ts";
import type { Change } from "./cells.ts";

export type Cell = { readonly change: Change; readonly suite: RunSuite; readonly p50: number };
type Standing = {
  readonly value: number;
  readonly interval: Interval;
  /** How much better than the release as it is; negative: worse. */
  readonly gain: number;
  readonly gainInterval: Interval;
};
export type Ranked = Cell & { readonly languages: ReadonlyMap<Language, Standing>; readonly worst: number };

/** Cells by the figure of the language in which it is worse, best first; ties keep their order. The first cell is the release as it is. */
export function leaderboard(cells: readonly Cell[], metric: MetricName): Ranked[] {
  const sign = METRICS[metric].better === "higher" ? 1 : -1;
  const rowsOf = ({ suite }: Cell, language: Language) =>
    suite.questions.flatMap((question) => {
      const value = question.values[metric];
      return value === undefined || question.language !== language ? [] : [{ question, value }];
    });
  const ranked = cells.map((cell): Ranked => {
    const languages = languagesOf(cell.suite).flatMap((language): [Language, Standing][] => {
      const rows = rowsOf(cell, language);
      if (rows.length === 0) return [];
      const now = new Map(rows.map(({ question, value }) => [question.id, value]));
      const pairs = rowsOf(cells[0]!, language).flatMap(({ question, value }) => {
        const after = now.get(question.id);
        return after === undefined ? [] : [{ before: sign * value, after: sign * after }];
      });
      const { drop, interval } = meanDrop(pairs, SEED);
      const gainInterval = { low: -interval.high, high: -interval.low };
      const value = figureOf(metric, rows);
      const own = bootstrap(rows, (some) => figureOf(metric, some), SEED);
      return [[language, { value, interval: own, gain: -drop, gainInterval }]];
    });
    const figures = languages.map(([, { value }]) => sign * value);
    return { ...cell, languages: new Map(languages), worst: Math.min(...figures) };
  });
  return ranked.sort((a, b) => b.worst - a.worst);
}

/** The best cell, when it is surely better in a language and surely worse in none. */
export function winnerOf(ranked: readonly Ranked[]): Ranked | undefined {
  return ranked.find(({ change, languages }) => {
    const gains = [...languages.values()].map(({ gainInterval }) => gainInterval);
    return Object.keys(change).length > 0 && gains.some(({ low }) => low > 0) && !gains.some(({ high }) => high < 0);
  });
}

/** The leaderboard as Markdown. */
export function leaderboardTable(ranked: readonly Ranked[], metric: MetricName): string {
  const languages = ranked[0] ? [...ranked[0].languages.keys()] : [];
  const head = languages.flatMap((language) => [`${metric} ${language} (95 % interval)`, "beside the release"]);
  const rows = ranked.map(({ change, languages: standings, p50 }, i) => {
    const fields = Object.entries(change).map(([field, value]) => `${field} = ${value}`);
    const cells = languages.flatMap((language) => {
      const { value, interval, gain, gainInterval } = standings.get(language)!;
      const beside = `${gain >= 0 ? "+" : ""}${shown(gain)} (${shown(gainInterval.low)} to ${shown(gainInterval.high)})`;
      return [
        `${shown(value)} (${shown(interval.low)} to ${shown(interval.high)})`,
        fields.length === 0 ? "–" : beside,
      ];
    });
    return `| ${i + 1} | ${fields.join(", ") || "the release as it is"} | ${cells.join(" | ")} | ${p50.toFixed(0)} |`;
  });
  return [`| | cell | ${head.join(" | ")} | p50 ms |`, `|--:|---|${head.map(() => "--:|").join("")}--:|`, ...rows].join(
    "\n",
  );
}
