/** What several dashboards ask in the same words. `NS` is the namespace that the reader chose. */
export const NS = 'namespace="$namespace"';
const PER = "[$__rate_interval]";

/** A second's worth of a counter, summed by labels. `match` is put after the namespace. */
export const rate = (series: string, by = "", match = ""): string =>
  `sum${by && ` by (${by})`} (rate(${series}{${NS}${match && `,${match}`}}${PER}))`;

export const share = (part: string, whole: string): string => `${part} / ${whole}`;

/** A quantile of a histogram, from 0 to 1. */
export const quantile = (at: number, series: string, by = "", match = ""): string =>
  `histogram_quantile(${at}, ${rate(`${series}_bucket`, by ? `le, ${by}` : "le", match)})`;

export const quantiles = (series: string, match = ""): Record<string, string> => ({
  p50: quantile(0.5, series, "", match),
  p95: quantile(0.95, series, "", match),
  p99: quantile(0.99, series, "", match),
});
