/** Knows its place in the heap, so that it can leave from anywhere. The heap writes it. */
export type Slotted = { slot: number };

export type Heap<T> = {
  readonly top: T | undefined;
  push(item: T): void;
  remove(item: T): void;
  /** The item's rank has changed. */
  update(item: T): void;
  /** Any rank may have changed. */
  rebuild(): void;
};

/** A binary heap; the top is an item that no other comes `before`. All but `rebuild` take O(log n). */
export function createHeap<T extends Slotted>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];

  const put = (item: T, slot: number): void => {
    items[slot] = item;
    item.slot = slot;
  };

  const rise = (item: T): void => {
    let slot = item.slot;
    while (slot > 0) {
      const parent = items[(slot - 1) >> 1]!;
      if (!before(item, parent)) break;
      const above = parent.slot;
      put(parent, slot);
      slot = above;
    }
    put(item, slot);
  };

  const sink = (item: T): void => {
    let slot = item.slot;
    for (;;) {
      const left = 2 * slot + 1;
      if (left >= items.length) break;
      const right = left + 1;
      const child = items[right < items.length && before(items[right]!, items[left]!) ? right : left]!;
      if (!before(child, item)) break;
      const below = child.slot;
      put(child, slot);
      slot = below;
    }
    put(item, slot);
  };

  const update = (item: T): void => {
    rise(item);
    sink(item);
  };

  return {
    get top() {
      return items[0];
    },
    push: (item) => {
      put(item, items.length);
      rise(item);
    },
    remove: (item) => {
      const last = items.pop()!;
      if (last === item) return;
      put(last, item.slot);
      update(last);
    },
    update,
    rebuild: () => {
      for (let slot = (items.length >> 1) - 1; slot >= 0; slot--) sink(items[slot]!);
    },
  };
}
