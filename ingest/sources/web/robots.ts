import robotsParser from "robots-parser";
import { AppError } from "#shared/errors.ts";

/** RFC 9309: at least 500 KiB must be read; what is behind is ignored. */
export const MAX_ROBOTS_BYTES = 500 * 1024;
const AGENT = "Cairn";
/** Its types speak of a module with a default export; it is a function. */
const parse = robotsParser as unknown as typeof robotsParser.default;

/** What a site lets Cairn read, and how fast. */
export type Robots = {
  mayRead(url: URL): boolean;
  /** Between two requests; 0 where the site does not say. */
  readonly delayMs: number;
};

/**
 * The rules of a robots.txt (RFC 9309), by the status that it came with: a site without one (4xx) allows everything.
 * Throws `upstream_failed` for one that fails to give it (5xx, 429): nothing may be read then.
 */
export function robotsOf(robotsUrl: URL, status: number, text: string): Robots {
  if (status >= 500 || status === 429)
    throw new AppError(
      "upstream_failed",
      `${robotsUrl.href} answered with status ${status}. Until it answers, nothing of the site is read.`,
    );
  if (status < 200 || status > 299) return { mayRead: () => true, delayMs: 0 };
  const rules = parse(robotsUrl.href, text);
  const delay = rules.getCrawlDelay(AGENT);
  return {
    mayRead: (url) => url.href === robotsUrl.href || rules.isDisallowed(url.href, AGENT) !== true,
    delayMs: delay !== undefined && delay > 0 ? delay * 1000 : 0,
  };
}
