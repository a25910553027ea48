import { afterEach, expect, test } from "vitest";
import { publishedKeys, publishKeys } from "#shared/lineage/published-keys.ts";
import { endedAt, isGenuine, newSigningKey, type PublishedKey, type SigningKey } from "#shared/lineage/signing-key.ts";
import { openLogs } from "../../helpers/lineage-log.ts";

let logs: Awaited<ReturnType<typeof openLogs>>;
afterEach(() => logs.close());
const outside = ({ d, ...published }: SigningKey): PublishedKey => published;

test("each replica may have a key of its own, and everybody publishes the keys of all", async () => {
  logs = await openLogs();
  const [one, other] = [newSigningKey(1000), newSigningKey(2000)];
  await publishKeys(logs.db, [outside(other)]);
  await publishKeys(logs.db, [outside(one)]);
  const known = await publishedKeys(logs.db);
  expect(known).toEqual([outside(one), outside(other)]);
  expect(known.every(isGenuine)).toBe(true);
});

test("the end of a key stays, although a replica that has not heard of it publishes the key again", async () => {
  logs = await openLogs();
  const key = newSigningKey(1000);
  const ended = endedAt(key, 5000);
  await publishKeys(logs.db, [outside(key)]);
  await publishKeys(logs.db, [outside(ended)]);
  await publishKeys(logs.db, [outside(key)]);
  expect(await publishedKeys(logs.db)).toEqual([outside(ended)]);
});
