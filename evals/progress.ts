import type { Stream } from "../services/cli/output.ts";
import { createProgressBar, type ProgressBar } from "../services/cli/progress-bar.ts";

const LINE_EVERY_MS = 10_000;

/** Progress of suites: a bar on a terminal; elsewhere a line at the start of each part and now and then. */
export function createProgress(stream: Stream, now: () => number) {
  let bar: ProgressBar | undefined;
  let part = "";
  let drawn = 0;
  let spokenAt = 0;
  return {
    step(suite: string, what: string, done: number, of: number): void {
      const name = `${suite}: ${what}`;
      if (name !== part) {
        bar?.end();
        bar = createProgressBar(stream, name, of);
        [part, drawn, spokenAt] = [name, 0, 0];
      }
      for (; drawn < done; drawn++) bar?.step();
      if (stream.isTTY && of > 0) return;
      if (of > 0 && done < of && now() - spokenAt < LINE_EVERY_MS) return;
      spokenAt = now();
      stream.write(of > 0 ? `${name}, ${done} of ${of}\n` : `${name}\n`);
    },
    end(): void {
      bar?.end();
    },
  };
}
