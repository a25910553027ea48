import { readEnv } from "#shared/env.ts";
import { jsonLog } from "#shared/log.ts";
import { openState } from "#shared/open-state.ts";
import { runMain } from "#shared/run-main.ts";
import { STATE_SETTINGS } from "#shared/state-settings.ts";
import { backUp } from "./back-up.ts";
import { restore } from "./restore.ts";

const USAGE = "Usage: npm run backup -- FOLDER   or   npm run restore -- FOLDER";

async function main(): Promise<void> {
  const [action, folder, ...more] = process.argv.slice(2);
  if (!folder || more.length > 0 || (action !== "backup" && action !== "restore")) throw new Error(USAGE);
  const state = await openState(readEnv(STATE_SETTINGS, process.env), jsonLog("backup"));
  try {
    const run = action === "backup" ? backUp : restore;
    const { rows, blobs, missing } = await run(state, folder);
    process.stdout.write(`${action === "backup" ? "Saved" : "Restored"} ${rows} rows and ${blobs} blobs.\n`);
    if (missing > 0) process.stdout.write(`${missing} blobs were removed meanwhile.\n`);
    if (action === "restore") process.stdout.write("Workers now bring the search index after the database.\n");
  } finally {
    await state.close();
  }
}

runMain(main);
