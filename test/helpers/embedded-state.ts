import { type Log, silentLog } from "#shared/log.ts";
import { openState, type State } from "#shared/open-state.ts";
import type { Hold } from "#shared/sqlite-lock.ts";
import { readStateSettings } from "#shared/state-settings.ts";

/** Everything by the embedded engines, below one folder: `openState` without a setting but that. */
export const openEmbeddedState = (folder: string, log: Log = silentLog, hold?: Hold): Promise<State> =>
  openState(readStateSettings({ CAIRN_DATA: folder }), log, hold);
