import type { Ticket } from "../../services/gateway/admission/admission.ts";
import type { QueueLimits } from "../../services/gateway/routing/route-table.ts";

type Held = { readonly id: number; readonly ticket: Ticket; readonly deadline: number };
type Turn = { round: number; joined: number };

const RANK = { interactive: 0, batch: 1 };
const bytesOf = (held: readonly Held[]): number => held.reduce((sum, { ticket }) => sum + ticket.bytes, 0);

/** The queue as one list that is searched for everything: slow, and easy to see through. */
export function admissionOracle(limits: QueueLimits) {
  const outcomes = new Map<number, string>();
  let waiting: Held[] = [];
  /** By band and tenant: the round in which it has its next turn, and when it joined that round. */
  const turns = new Map<string, Turn>();
  const rounds = [0, 0];
  let joins = 0;
  let free = 0;

  const keyOf = ({ priority, tenant }: Ticket): string => `${priority}/${tenant}`;
  const inBand = (held: readonly Held[], rank: number) => held.filter(({ ticket }) => RANK[ticket.priority] === rank);
  const settle = (held: Held, outcome: string): void => {
    waiting = waiting.filter((other) => other !== held);
    outcomes.set(held.id, outcome);
    for (const key of turns.keys()) {
      if (!waiting.some(({ ticket }) => ticket.priority === key.split("/")[0])) turns.delete(key);
    }
  };

  const share = (held: readonly Held[]): number =>
    Math.max(held.length * limits.maxBytes, bytesOf(held) * limits.maxRequests);
  const heaviest = (held: readonly Held[]): Held[] => {
    const byTenant = Object.values(Object.groupBy(held, ({ ticket }) => ticket.tenant)) as Held[][];
    return byTenant.sort((a, b) => share(b) - share(a) || b.at(-1)!.id - a.at(-1)!.id)[0] ?? [];
  };

  /** Who gives way, or undefined. */
  const victims = (newcomer: Held): Held[] | undefined => {
    const gone: Held[] = [];
    const rank = RANK[newcomer.ticket.priority];
    const own = heaviest(inBand(waiting, rank));
    const mine = inBand(waiting, rank).filter(({ ticket }) => ticket.tenant === newcomer.ticket.tenant);
    for (;;) {
      const rest = waiting.filter((held) => !gone.includes(held));
      const fits =
        rest.length + 1 <= Math.max(limits.maxRequests, waiting.length) &&
        bytesOf(rest) + newcomer.ticket.bytes <= Math.max(limits.maxBytes, bytesOf(waiting));
      if (fits) return gone;
      const lower = heaviest(inBand(rest, 1).filter(() => rank < 1));
      const level = share([...mine, newcomer]);
      if (lower.length === 0 && share(own) <= level) return undefined;
      gone.push(lower.length > 0 ? lower.at(-1)! : own.pop()!);
    }
  };

  const join = (held: Held): void => {
    const key = keyOf(held.ticket);
    const alone = !waiting.some(({ ticket }) => keyOf(ticket) === key);
    const round = Math.max(rounds[RANK[held.ticket.priority]]!, turns.get(key)?.round ?? 0);
    if (alone) turns.set(key, { round, joined: ++joins });
    waiting.push(held);
  };

  const pump = (now: number): void => {
    for (const held of waiting) if (held.deadline <= now) settle(held, "late");
    for (; free > 0 && waiting.length > 0; free--) {
      const rank = inBand(waiting, 0).length > 0 ? 0 : 1;
      const turnOf = ({ ticket }: Held): Turn => turns.get(keyOf(ticket))!;
      const ordered = inBand(waiting, rank).sort(
        (a, b) => turnOf(a).round - turnOf(b).round || turnOf(a).joined - turnOf(b).joined || a.id - b.id,
      );
      const next = ordered[0]!;
      rounds[rank] = turnOf(next).round;
      turns.set(keyOf(next.ticket), { round: rounds[rank]! + 1, joined: ++joins });
      settle(next, "place");
    }
  };

  return {
    outcomes,
    queued: () => waiting.length,
    queuedBytes: () => bytesOf(waiting),
    enter: (id: number, ticket: Ticket): void => {
      const held = { id, ticket, deadline: ticket.enteredAt + limits.maxWaitMs };
      const rank = RANK[ticket.priority];
      if (free > 0 && inBand(waiting, 0).length === 0 && (rank === 0 || waiting.length === 0)) {
        free -= 1;
        outcomes.set(id, "place");
      } else if (ticket.bytes > limits.maxBytes) outcomes.set(id, "too_large");
      else {
        const gone = victims(held);
        for (const one of gone ?? []) settle(one, "rate_limited");
        if (gone) join(held);
        else outcomes.set(id, "rate_limited");
      }
    },
    abort: (id: number): void => {
      const held = waiting.find((one) => one.id === id);
      if (held) settle(held, "left");
    },
    release: (count: number, now: number): void => {
      free += count;
      pump(now);
    },
    setLimits: (changed: QueueLimits): void => {
      limits = changed;
    },
  };
}
