/** What can be in one chain at a time. */
export type Link<T> = { previous: T | undefined; next: T | undefined };

/** A doubly linked list: the only order from whose middle something leaves in constant time. */
export type Chain<T> = { first: T | undefined; last: T | undefined };

export function append<T extends Link<T>>(chain: Chain<T>, item: T): void {
  item.previous = chain.last;
  if (chain.last) chain.last.next = item;
  else chain.first = item;
  chain.last = item;
}

export function detach<T extends Link<T>>(chain: Chain<T>, item: T): void {
  if (item.previous) item.previous.next = item.next;
  else chain.first = item.next;
  if (item.next) item.next.previous = item.previous;
  else chain.last = item.previous;
  item.previous = undefined;
  item.next = undefined;
}
