import type { QueueLimits } from "../routing/route-table.ts";
import type { Ticket } from "./admission.ts";
import { type Band, bandOf, type FairQueue, type Queued } from "./fair-queue.ts";

/** What a tenant takes of the queue: by tickets or by bytes, whichever is more, as a comparable number. */
export function shareOf(count: number, bytes: number, limits: QueueLimits): number {
  return Math.max(count * limits.maxBytes, bytes * limits.maxRequests);
}

/**
 * Takes out who must give way to the newcomer: first lower bands, then, in its own, the newest tickets of the tenant
 * that holds most, as long as that tenant still holds more than the newcomer's will with it. `undefined`, and nothing
 * taken out, if that is not enough. A queue that is over its limits after a reload shrinks no further than by what comes in.
 */
export function makeRoom<T extends Queued<T>>(
  queue: FairQueue<T>,
  newcomer: Ticket,
  limits: QueueLimits,
): T[] | undefined {
  const needed = {
    count: queue.count >= limits.maxRequests ? 1 : 0,
    bytes: Math.min(newcomer.bytes, Math.max(0, queue.bytes + newcomer.bytes - limits.maxBytes)),
  };
  const lower = queue.bands.slice(bandOf(newcomer.priority) + 1).reverse();
  const rest = { ...needed };
  for (const band of lower) {
    rest.count -= band.count;
    rest.bytes -= band.bytes;
  }
  const own = surplus(queue.bands[bandOf(newcomer.priority)]!, newcomer, rest, limits);
  if (!own) return undefined;

  const gone: T[] = [];
  const evict = (item: T): void => {
    queue.remove(item);
    gone.push(item);
    needed.count -= 1;
    needed.bytes -= item.ticket.bytes;
  };
  for (const band of lower) {
    while (isNeeded(needed) && band.byShare.top) evict(band.byShare.top.last!);
  }
  for (const item of own) evict(item);
  return gone;
}

type Need = { readonly count: number; readonly bytes: number };

const isNeeded = (need: Need): boolean => need.count > 0 || need.bytes > 0;

/** The newest tickets of the band's heaviest tenant that free what is needed, while it holds more than the newcomer's. */
function surplus<T extends Queued<T>>(
  band: Band<T>,
  newcomer: Ticket,
  needed: Need,
  limits: QueueLimits,
): T[] | undefined {
  const line = band.byShare.top;
  const own = band.lines.get(newcomer.tenant);
  const level = shareOf((own?.count ?? 0) + 1, (own?.bytes ?? 0) + newcomer.bytes, limits);
  const found: T[] = [];
  let freed = 0;
  for (let item = line?.last; isNeeded({ count: needed.count - found.length, bytes: needed.bytes - freed }); ) {
    if (!line || !item || shareOf(line.count - found.length, line.bytes - freed, limits) <= level) return undefined;
    found.push(item);
    freed += item.ticket.bytes;
    item = item.previous;
  }
  return found;
}
