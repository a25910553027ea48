import { launchChromium } from "./chromium.ts";
import { LONG_ANSWERS } from "./long-answers.ts";
import { openLongApp } from "./long-app.ts";
import { type Pace, ROUND_MS } from "./main-thread.ts";
import { conversationPace, documentsPace, firstPaintMs, streamPace } from "./page-paces.ts";

const MESSAGES = 500;
const DOCUMENTS = 10_000;

/**
 * How long the chat page holds its reader up, in milliseconds of processor time of the longest task, and as a multiple
 * of a fixed piece of a page's work that the same browser does before and after.
 */
async function measurePage(): Promise<void> {
  const long = await openLongApp();
  const inBrowser = async <T>(run: (browser: Awaited<ReturnType<typeof launchChromium>>) => Promise<T>): Promise<T> => {
    const browser = await launchChromium();
    return run(browser).finally(() => browser.close());
  };
  const print = (what: string, { longestMs, scaledMs }: Pace): void =>
    line(what, `${longestMs} ms`, `${(scaledMs / ROUND_MS).toFixed(1)} times the fixed work`);
  try {
    line("first paint", `${await inBrowser((browser) => firstPaintMs(browser, long))} ms`);
    for (const name of Object.keys(LONG_ANSWERS)) {
      print(
        `longest task of an answer of 20,000 tokens (${name})`,
        await inBrowser((one) => streamPace(one, long, name)),
      );
    }
    const id = await long.conversation(MESSAGES);
    print(`longest task of ${MESSAGES} messages`, await inBrowser((browser) => conversationPace(browser, long, id)));
    await long.documents(DOCUMENTS);
    print(`longest task of ${DOCUMENTS} documents`, await inBrowser((browser) => documentsPace(browser, long)));
  } finally {
    await long.close();
  }
}

const line = (what: string, ...values: readonly string[]): void =>
  void process.stdout.write(`${[what.padEnd(58), ...values].join("  ")}\n`);

await measurePage();
