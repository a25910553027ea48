import { openEmbeddedState } from "./embedded-state.ts";

/** A process of its own that opens the state below a folder and says its pepper. */
const state = await openEmbeddedState(process.argv[2]!);
process.stdout.write(state.pepper);
await state.close();
