import type { Page } from "playwright-core";

/** Of the height of what scrolls: so much is scrolled at once, and what is read lies so near to the edge it goes away from. */
const STEP = 0.8;
const READ_AT = 0.1;

/** A step is so many heights of what is in sight; upwards below zero. One a frame. */
export const scrollBy = (page: Page, testId: string, heights: number, times: number): Promise<void> =>
  page.getByTestId(testId).evaluate(
    async (element, [by, count]) => {
      const distance = by * element.clientHeight;
      for (let i = 0; i < count; i++) {
        element.scrollTop += distance;
        await new Promise(requestAnimationFrame);
      }
    },
    [heights, times] as const,
  );

export type Read = {
  /** Pixels that what was read was, at worst, painted off its place. */
  readonly moved: number;
  /** How often it was looked at. */
  readonly looks: number;
};

/**
 * Reads upwards or downwards, a little less than a screen at a time, and looks where in the next frames that are
 * painted the words are that were in sight before and after. What only scripts see between two frames does not count.
 */
export const readThrough = (page: Page, testId: string, way: "up" | "down", times: number): Promise<Read> =>
  page.getByTestId(testId).evaluate(
    async (element, { share, readAt, count }) => {
      /** An observer of intersections is told where an element is painted, behind all that a frame still changes. */
      const painted = (one: Element): Promise<{ top: number; inSight: boolean }> =>
        new Promise((resolve) => {
          const observer = new IntersectionObserver(([entry]) => {
            observer.disconnect();
            resolve({ top: entry!.boundingClientRect.top, inSight: entry!.isIntersecting });
          });
          observer.observe(one);
        });
      let [moved, looks] = [0, 0];
      for (let i = 0; i < count; i++) {
        const { left, top, height, width } = element.getBoundingClientRect();
        const read = document
          .elementFromPoint(left + width / 2, top + height * (share < 0 ? readAt : 1 - readAt))
          ?.closest("p, li, pre, tr, .row");
        const before = read && (await painted(read));
        const scrolled = element.scrollTop;
        element.scrollTop += Math.round(share * height);
        const asked = element.scrollTop - scrolled;
        for (let frame = 0; frame < 2; frame++) {
          const now = read?.isConnected ? await painted(read) : undefined;
          if (!before?.inSight || !now?.inSight) continue;
          looks += 1;
          moved = Math.max(moved, Math.abs(before.top - asked - now.top));
        }
      }
      return { moved: Math.round(moved), looks };
    },
    { share: way === "up" ? -STEP : STEP, readAt: READ_AT, count: times },
  );
