import type { StatementSync } from "node:sqlite";

export type LogBounds = { readonly first: number; readonly last: number };

/** The first and the last `seq` of a log, 0 when it is empty. SQLite finds both at once only by reading all of it. */
export function logBounds(sql: (text: string) => StatementSync, log: string): LogBounds {
  return sql(
    `select coalesce((select min(seq) from ${log}), 0) as first, coalesce((select max(seq) from ${log}), 0) as last`,
  ).get() as LogBounds;
}
