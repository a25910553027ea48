import { concurrently } from "#shared/concurrently.ts";

/**
 * `prepare` over all items, at most `limit` at a time. What is prepared is published in groups: each holds all that
 * was finished while the one before was being published. So a slow item delays only itself, and a fast stream still
 * gets large groups. While `maxHeld` of prepared weight waits for its publication, nothing more is prepared.
 * Items that prepare to `undefined` are left out. The first rejection ends it.
 */
export async function inGroups<T, R>(
  items: readonly T[],
  { limit, maxHeld, weigh }: { readonly limit: number; readonly maxHeld: number; weigh(one: R): number },
  prepare: (item: T) => Promise<R | undefined>,
  publish: (group: readonly R[]) => Promise<void>,
): Promise<void> {
  const waiting: R[] = [];
  let held = 0;
  let publishing: Promise<void> | undefined;

  async function publishWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0);
      await publish(group);
      held -= group.reduce((sum, one) => sum + weigh(one), 0);
    }
    // In the same turn as the last look, or what comes in between would wait for ever.
    publishing = undefined;
  }

  await concurrently(items, limit, async (item) => {
    while (held >= maxHeld && publishing) await publishing;
    const one = await prepare(item);
    if (one === undefined) return;
    waiting.push(one);
    held += weigh(one);
    publishing ??= publishWaiting();
    // A failure stays in `publishing` and is heard of below; until then it must not end the process.
    publishing.catch(() => undefined);
  });
  await publishing;
}
