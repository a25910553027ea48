import type { Priority, Ticket } from "./admission.ts";
import { append, type Chain, detach, type Link } from "./chain.ts";
import { createHeap, type Heap, type Slotted } from "./heap.ts";

/** What can wait in a fair queue, one at a time. All but the ticket belongs to the queue. */
export type Queued<T> = Link<T> & { readonly ticket: Ticket; line: Line<T> | undefined; order: number };

/** The tickets of one tenant in one band, oldest first. Exists only while there are some. */
export interface Line<T> extends Link<Line<T>>, Chain<T>, Slotted {
  readonly tenant: string;
  round: Chain<Line<T>>;
  count: number;
  bytes: number;
}

export type Band<T> = {
  readonly lines: Map<string, Line<T>>;
  /** The line that holds most on top; of equals the one whose newest ticket came last. */
  readonly byShare: Heap<Line<T>>;
  current: Chain<Line<T>>;
  following: Chain<Line<T>>;
  /** Tenants that left the queue after their turn in the current round. */
  readonly hadTurn: Set<string>;
  count: number;
  bytes: number;
};

export type FairQueue<T> = {
  readonly count: number;
  readonly bytes: number;
  /** From the highest. */
  readonly bands: readonly Band<T>[];
  /** Whose turn it is. */
  first(): T | undefined;
  push(item: T): void;
  /** Takes it out as its tenant's turn in this round. */
  serve(item: T): void;
  /** Takes it out and leaves its tenant's turn. */
  remove(item: T): void;
  /** Somebody waits whom a newcomer of this priority must not overtake. */
  blocks(priority: Priority): boolean;
};

const BANDS: readonly Priority[] = ["interactive", "batch"];

export const bandOf = (priority: Priority): number => BANDS.indexOf(priority);

/**
 * Bands strictly by priority; in a band rounds in which each tenant has one turn. Who joins has a turn in the round that
 * runs, unless it had one: so a quiet tenant is next after at most the others of this round, however long their lines,
 * and one that always comes back at once gets no more than the rest. Every operation is O(log tenants) or better.
 */
export function createFairQueue<T extends Queued<T>>(share: (count: number, bytes: number) => number): FairQueue<T> {
  const heavier = (a: Line<T>, b: Line<T>): boolean => {
    const difference = share(a.count, a.bytes) - share(b.count, b.bytes);
    return difference === 0 ? a.last!.order > b.last!.order : difference > 0;
  };
  const bands = BANDS.map((): Band<T> => emptyBand(createHeap(heavier)));
  let count = 0;
  let bytes = 0;
  let arrivals = 0;

  const account = (band: Band<T>, line: Line<T>, tickets: 1 | -1, ticketBytes: number): void => {
    line.count += tickets;
    line.bytes += ticketBytes;
    band.count += tickets;
    band.bytes += ticketBytes;
    count += tickets;
    bytes += ticketBytes;
  };

  const leave = (item: T, served: boolean): void => {
    const band = bands[bandOf(item.ticket.priority)]!;
    const line = item.line!;
    detach(line, item);
    item.line = undefined;
    account(band, line, -1, -item.ticket.bytes);
    if (line.count > 0) {
      if (served) join(band.following, line);
      band.byShare.update(line);
      return;
    }
    if (served || line.round === band.following) band.hadTurn.add(line.tenant);
    detach(line.round, line);
    band.byShare.remove(line);
    band.lines.delete(line.tenant);
    if (band.count === 0) band.hadTurn.clear();
  };

  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    bands,
    first: () => {
      for (const band of bands) {
        if (band.count > 0) return (band.current.first ?? band.following.first)?.first;
      }
      return undefined;
    },
    push: (item) => {
      const band = bands[bandOf(item.ticket.priority)]!;
      const { tenant } = item.ticket;
      const line = band.lines.get(tenant);
      const joined = line ?? newLine(tenant, band);
      append(joined, item);
      item.line = joined;
      item.order = ++arrivals;
      account(band, joined, 1, item.ticket.bytes);
      if (line) band.byShare.update(line);
      else {
        band.lines.set(tenant, joined);
        band.byShare.push(joined);
      }
    },
    serve: (item) => {
      const band = bands[bandOf(item.ticket.priority)]!;
      if (!band.current.first) startRound(band);
      leave(item, true);
    },
    remove: (item) => leave(item, false),
    blocks: (priority) => bands.some((band, index) => index <= bandOf(priority) && band.count > 0),
  };
}

function emptyBand<T>(byShare: Heap<Line<T>>): Band<T> {
  const round = (): Chain<Line<T>> => ({ first: undefined, last: undefined });
  const rounds = { current: round(), following: round(), hadTurn: new Set<string>() };
  return { lines: new Map(), byShare, ...rounds, count: 0, bytes: 0 };
}

function newLine<T>(tenant: string, band: Band<T>): Line<T> {
  const round = band.hadTurn.has(tenant) ? band.following : band.current;
  const links = { previous: undefined, next: undefined, first: undefined, last: undefined };
  const line: Line<T> = { ...links, tenant, round, count: 0, bytes: 0, slot: -1 };
  append(round, line);
  return line;
}

function join<T>(round: Chain<Line<T>>, line: Line<T>): void {
  detach(line.round, line);
  append(round, line);
  line.round = round;
}

/** As late as possible: until somebody has a turn in it, who joins belongs to the round before and goes first. */
function startRound<T>(band: Band<T>): void {
  [band.current, band.following] = [band.following, band.current];
  if (band.hadTurn.size > 0) band.hadTurn.clear();
}
