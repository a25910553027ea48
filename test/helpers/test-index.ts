import { join } from "node:path";
import type { SearchIndex } from "#shared/index.ts";
import { openSqliteIndex } from "#shared/sqlite-index.ts";
import { testQdrant } from "./test-qdrant.ts";

export type TestIndex = SearchIndex;

/** An empty index of the engine under test: a file of the folder, or collections of the server. */
export function openTestIndex(folder: string): TestIndex {
  if (process.env.CAIRN_TEST_QDRANT_URL === undefined) return openSqliteIndex(join(folder, "index.db"));
  const qdrant = testQdrant();
  return { ...qdrant.open(), close: qdrant.dropAll };
}
