import { type Filter, passes } from "./scope-terms.ts";

/** Callers whose verdicts are remembered. */
const MAX_FILTERS = 64;

/** Numbers for what `scopeOfFiling` gives, and which of them a filter lets through: few, of many rows in memory. */
export function createScopeVerdicts() {
  const numbers = new Map<string, number>();
  const remembered = new Map<string, number[]>();

  return {
    numberOf(scope: string): number {
      const number = numbers.get(scope) ?? numbers.size;
      numbers.set(scope, number);
      return number;
    },
    /** 1 for each number whose rows the filter lets through, else 0; good until the next `numberOf`. */
    of(filter: Filter): readonly number[] {
      const key = JSON.stringify([filter.tenant, filter.acl, filter.collections]);
      if (!remembered.has(key) && remembered.size >= MAX_FILTERS) remembered.clear();
      const verdicts = remembered.get(key) ?? [];
      remembered.set(key, verdicts);
      if (verdicts.length === numbers.size) return verdicts;
      const may = passes(filter);
      for (const scope of [...numbers.keys()].slice(verdicts.length)) verdicts.push(may(scope) ? 1 : 0);
      return verdicts;
    },
  };
}

export type ScopeVerdicts = ReturnType<typeof createScopeVerdicts>;
