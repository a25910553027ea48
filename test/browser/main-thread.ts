import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";

const CATEGORIES = ["disabled-by-default-devtools.timeline"];
const ATTEMPTS = 3;

type TraceEvent = {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, in microseconds; `dur` also counts what the thread waited for a processor. */
  readonly tdur?: number;
  readonly dur?: number;
  readonly args: { readonly name?: string };
};

/**
 * Milliseconds of processor time of the longest task that pages had to wait for while `run` ran. Not the time on the
 * clock: on a machine that others work on, too, that says more about them.
 */
export async function longestTask(browser: Browser, page: Page, run: () => Promise<void>): Promise<number> {
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
  return Math.round(Math.max(...tasks.map(({ tdur, dur }) => tdur ?? dur ?? 0)) / 100) / 10;
}

/** The best of a few attempts, as many as it takes to be below the limit: what disturbs one is not there in each. */
export async function bestOf(limitMs: number, attempt: (browser: Browser) => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  while (found.length < ATTEMPTS && !found.some((ms) => ms < limitMs)) {
    // Each has a browser of its own: one that ran out of time would leave its trace running for the next.
    const browser = await launchChromium();
    found.push(await attempt(browser).finally(() => browser.close()));
  }
  return found;
}
