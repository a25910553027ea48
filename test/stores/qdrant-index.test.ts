import { afterAll } from "vitest";
import type { SearchIndex } from "#shared/index.ts";
import { searchIndexContract } from "../contract/search-index.ts";
import { testQdrant } from "../helpers/test-qdrant.ts";

const { open, prefixOf, dropAll } = testQdrant();
afterAll(dropAll);

searchIndexContract("Qdrant", async () => open(), {
  reopen: async (index: SearchIndex) => {
    await index.close();
    return open(prefixOf(index));
  },
});
