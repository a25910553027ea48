import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";

const CATEGORIES = ["disabled-by-default-devtools.timeline"];
const ATTEMPTS = 3;
/** Of the fixed work that tells how fast a machine is. */
const ROUNDS = 15;
const ROUND_ROWS = 150;
/** In milliseconds: what a round takes on a machine of which this suite's limits are true: two cores of a server of 2023, at rest. */
export const ROUND_MS = 7;

type TraceEvent = {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, in microseconds. Where it is counted in ticks of a clock it may be longer than the task was. */
  readonly tdur?: number;
  /** On the clock: also what the thread waited for a processor. */
  readonly dur?: number;
  readonly args: { readonly name?: string };
};

/**
 * The tasks that pages had to wait for while `run` ran, in milliseconds of processor time, the longest first. Not the
 * time on the clock: on a machine that others work on, too, that says more about them.
 */
async function tasksOf(browser: Browser, page: Page, run: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: CATEGORIES });
  let trace: Buffer | undefined;
  try {
    await run();
  } finally {
    // Whatever happens, the next one must be able to begin.
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const place = ({ pid, tid }: TraceEvent): string => `${pid}:${tid}`;
  const mains = new Set(traceEvents.filter(({ args }) => args.name === "CrRendererMain").map(place));
  const tasks = traceEvents.filter((event) => event.ph === "X" && event.name === "RunTask" && mains.has(place(event)));
  if (tasks.length === 0) throw new Error("The browser told of no task.");
  return tasks
    .map(({ tdur, dur }) => Math.min(tdur ?? Number.POSITIVE_INFINITY, dur ?? 0) / 1000)
    .sort((a, b) => b - a);
}

/** How many times as long as on the machine that the limits are for a page's work takes now: the median of a few. */
export async function slowness(browser: Browser, page: Page): Promise<number> {
  const tasks = await tasksOf(browser, page, () =>
    page.evaluate(
      async ([rounds, rows]) => {
        for (let round = 0; round < rounds; round++) {
          await new Promise((resolve) => setTimeout(resolve));
          const box = document.createElement("div");
          for (let i = 0; i < rows; i++) {
            const row = document.createElement("p");
            row.textContent = `Row ${i} of ${rows}: `.repeat(12);
            box.append(row);
          }
          document.body.append(box);
          // Whoever asks for a height has all of it laid out, in this very task.
          box.getBoundingClientRect();
          box.remove();
        }
      },
      [ROUNDS, ROUND_ROWS] as const,
    ),
  );
  return tasks[Math.floor(ROUNDS / 2)]! / ROUND_MS;
}

export type Pace = {
  /** Milliseconds of processor time of the longest task. */
  readonly longestMs: number;
  /** The same on the machine that limits are for. */
  readonly scaledMs: number;
};

/** The longest task while `run` ran, beside what the machine needed for work that is always the same, before and after. */
export async function paceOf(browser: Browser, page: Page, run: () => Promise<void>): Promise<Pace> {
  const before = await slowness(browser, page);
  const [longestMs] = await tasksOf(browser, page, run);
  const factor = Math.max(1, before, await slowness(browser, page));
  return { longestMs: rounded(longestMs!), scaledMs: rounded(longestMs! / factor) };
}
const rounded = (ms: number): number => Math.round(ms * 10) / 10;

/** The best of a few attempts, as many as it takes to be below the limit: what disturbs one is not there in each. */
export async function bestOf<P extends Pace>(limitMs: number, attempt: (browser: Browser) => Promise<P>): Promise<P[]> {
  const found: P[] = [];
  while (found.length < ATTEMPTS && !found.some(({ scaledMs }) => scaledMs < limitMs)) {
    // Each has a browser of its own: one that ran out of time would leave its trace running for the next.
    const browser = await launchChromium();
    found.push(await attempt(browser).finally(() => browser.close()));
  }
  return found;
}
