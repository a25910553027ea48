export type Value = string | number | null | Uint8Array;
export type Row = Record<string, Value>;

/**
 * One SQL text for SQLite and PostgreSQL: `$1` parameters, text ids, bigint milliseconds, JSON as text. The only
 * difference is `for update skip locked`, which SQLite's driver leaves out: there nobody else is writing.
 */
export type Sql = {
  all<T extends object = Row>(sql: string, params?: readonly Value[]): Promise<T[]>;
  get<T extends object = Row>(sql: string, params?: readonly Value[]): Promise<T | undefined>;
  /** Resolves to the number of changed rows. */
  run(sql: string, params?: readonly Value[]): Promise<number>;
  /** Wakes those who `hear` on the channel, as soon as what was written with it is committed. */
  notify(channel: string): Promise<void>;
};

/**
 * The state database. Engines: SQLite (`sqlite-database.ts`) and PostgreSQL (`postgres-database.ts`). `transaction` is
 * atomic and durable when it resolves; a rejection rolls back. What it has read stays true until it commits: where
 * another process changed a row that `work` changes too, `work` runs again, so it must do nothing but SQL.
 * Never call the outer database inside `work`: it would wait for its own transaction.
 */
export type Database = Sql & {
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Rewrites what is stored, so that no byte of deleted or overwritten rows is left in the engine's files, free pages
   * and write-ahead log included. Takes as long as a copy of everything. Rejects with `unavailable` when others are in the way.
   */
  scrub(): Promise<void>;
  /** A transaction that waits for every other `alone`, of other processes too: what all of them do when they start. */
  alone<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Calls `heard` soon after a `notify`. Best effort: one may be missed while a connection is made again, and those of
   * other processes reach nobody on SQLite, so whoever hears also looks at times. Returns the end of it.
   */
  hear(channel: string, heard: () => void): () => void;
  close(): Promise<void>;
};

/** `$2, $3, …` for `in (…)`: one place for each of the values, from `$first` on. */
export const placesOf = (values: readonly unknown[], first: number): string =>
  values.map((_, i) => `$${first + i}`).join(", ");
