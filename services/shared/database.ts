export type Value = string | number | null | Uint8Array;
export type Row = Record<string, Value>;

/** One SQL text for SQLite and PostgreSQL: `$1` parameters, text ids, bigint milliseconds, JSON as text. */
export type Sql = {
  all<T extends object = Row>(sql: string, params?: readonly Value[]): Promise<T[]>;
  get<T extends object = Row>(sql: string, params?: readonly Value[]): Promise<T | undefined>;
  /** Resolves to the number of changed rows. */
  run(sql: string, params?: readonly Value[]): Promise<number>;
};

/**
 * The state database. `transaction` is atomic and durable when it resolves; a rejection rolls back.
 * Never call the outer database inside `work`: it would wait for its own transaction.
 */
export type Database = Sql & {
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Rewrites what is stored, so that no byte of deleted or overwritten rows is left in the engine's files, free pages
   * and write-ahead log included. Takes as long as a copy of everything. Rejects with `unavailable` when others are in the way.
   */
  scrub(): Promise<void>;
  close(): Promise<void>;
};

/** `$2, $3, …` for `in (…)`: one place for each of the values, from `$first` on. */
export const placesOf = (values: readonly unknown[], first: number): string =>
  values.map((_, i) => `$${first + i}`).join(", ");
