import { openQdrantIndex } from "#shared/qdrant-index.ts";
import { chunk, everyone, find, open } from "../contract/search-index-fixtures.ts";

/** Writes to a Qdrant and searches it, with what the environment of this process says about certificates. */
const [url, apiKey] = process.argv.slice(2);
const layout = { shards: 1, replicas: 1, tenants: new Map<string, number>() };
const log = { info: () => {}, error: () => {}, warn: (_event: string, fields?: object) => console.log(fields) };
const index = openQdrantIndex({ url: url!, apiKey, prefix: "tls", layout, log });
try {
  await index.write(open, "v1", [chunk("v1", 0, "amber")]);
  console.log(`found ${(await find(index, "amber", everyone)).length}`);
} catch (error) {
  console.log(String(error));
}
await index.close();
