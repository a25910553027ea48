import type { Progress } from "../../ingest/worker/app.ts";

const QUIET_MS = 5000;

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

/** Progress of reading documents: one line that is redrawn on a terminal, a line now and then elsewhere. */
export function createProgressLine(output: Output, now: () => number = Date.now) {
  let expected = 0;
  let failed = 0;
  let drawn = false;
  let lastAt = now();
  return {
    update(progress: Progress): void {
      failed = progress.failed;
      const read = progress.done + progress.failed;
      const text = `Reading documents: ${read} of ${Math.max(expected, read + progress.left)}`;
      if (output.isTTY) {
        output.write(`\r${text}  `);
        drawn = true;
      } else if (now() - lastAt >= QUIET_MS) {
        lastAt = now();
        output.write(`${text}\n`);
      }
    },
    /** How many documents there are to read in this run. */
    expect(count: number): void {
      expected = count;
    },
    end(): void {
      if (drawn) output.write("\n");
    },
    failed: () => failed,
  };
}
