import { firstKey } from "#shared/first-key.ts";
import { jsonLog } from "#shared/log.ts";
import { openStateDatabase } from "#shared/open-state.ts";
import { runMain } from "#shared/run-main.ts";
import { readStateSettings } from "#shared/state-settings.ts";

/** Prints the first administrator's key of an installation whose processes run apart: nobody could ask for it by HTTP. */
async function main(): Promise<void> {
  const { db, pepper } = await openStateDatabase(readStateSettings(process.env), jsonLog("first-key"));
  const key = await firstKey(db, pepper).finally(() => db.close());
  if (!key) throw new Error("There is an API key already. An administrator makes others: ./cairn keys create");
  process.stdout.write(`${key}\n`);
}

runMain(main);
