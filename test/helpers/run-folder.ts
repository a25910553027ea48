import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for what all processes of a run share: its name is in `CAIRN_TEST_RUN`. Set up once, gone at the end. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "cairn-run-"));
  process.env.CAIRN_TEST_RUN = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
