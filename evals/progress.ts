import type { Stream } from "../services/cli/output.ts";
import { createProgressBar, type ProgressBar } from "../services/cli/progress-bar.ts";

const LINE_EVERY_MS = 10_000;

/**
 * Progress of suites. One alone has a bar on a terminal; several, or elsewhere, say a line at the start of each part and
 * now and then, because more than one suite may be under way.
 */
export function createProgress(stream: Stream, now: () => number, alone: boolean) {
  const parts = new Map<string, { what: string; bar: ProgressBar | undefined; drawn: number; spokenAt: number }>();
  return {
    step(suite: string, what: string, done: number, of: number): void {
      const name = `${suite}: ${what}`;
      let part = parts.get(suite);
      if (part?.what !== what) {
        part?.bar?.end();
        part = { what, bar: alone ? createProgressBar(stream, name, of) : undefined, drawn: 0, spokenAt: 0 };
        parts.set(suite, part);
      }
      for (; part.drawn < done; part.drawn++) part.bar?.step();
      if (alone && stream.isTTY && of > 0) return;
      if (of > 0 && done < of && now() - part.spokenAt < LINE_EVERY_MS) return;
      part.spokenAt = now();
      stream.write(of > 0 ? `${name}, ${done} of ${of}\n` : `${name}\n`);
    },
    end(): void {
      for (const { bar } of parts.values()) bar?.end();
    },
  };
}
