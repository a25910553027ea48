import fc from "fast-check";
import { expect, test } from "vitest";
import { AFFINITY_GAP, chooseUpstream, type Member } from "../../services/gateway/routing/choose-upstream.ts";

const member = (name: string, inFlight = 0, more: Partial<Member> = {}): Member => ({
  name,
  maxConcurrent: 100,
  inFlight,
  mayTry: true,
  ...more,
});

const arm = (weight: number, ...members: Member[]) => ({ members, weight });
const none = new Set<string>();
const conversations = Array.from({ length: 10_000 }, (_, i) => `conv-${i}`);

type Tier = Parameters<typeof chooseUpstream>[0];

function nameOf(choice: ReturnType<typeof chooseUpstream>): string {
  return typeof choice === "string" ? choice : choice.name;
}

function choose(tier: Tier, about: { conversation?: string; prefix?: string } = {}, roll = 0, tried = none): string {
  const affinity = { conversation: about.conversation, prefix: about.prefix ?? "" };
  return nameOf(chooseUpstream(tier, affinity, tried, () => roll));
}

/** How many of the conversations each upstream gets. */
function spread(tier: Tier): Map<string, number> {
  const counts = new Map<string, number>();
  for (const conversation of conversations) {
    const name = choose(tier, { conversation });
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function expectNear(count: number | undefined, expected: number): void {
  expect(Math.abs((count ?? 0) - expected)).toBeLessThan(conversations.length / 100);
}

test("a canary of 10 % gets 9 to 11 % of the conversations and keeps them, whatever the roll", () => {
  const tier = [arm(90, member("stable-1"), member("stable-2")), arm(10, member("canary"))];
  const counts = spread(tier);
  expectNear(counts.get("canary"), 1000);
  expectNear(counts.get("stable-1"), 4500);
  for (const conversation of conversations.slice(0, 500)) {
    expect(choose(tier, { conversation }, 0.99)).toBe(choose(tier, { conversation }, 0));
  }
});

test("without a conversation the roll spreads requests by weight", () => {
  const tier = [arm(3, member("a")), arm(0, member("off")), arm(1, member("b"))];
  const names = [0, 0.7, 0.749, 0.751, 0.99].map((roll) => choose(tier, {}, roll));
  expect(names).toEqual(["a", "a", "a", "b", "b"]);
});

test("weight 0 takes nothing, even when nothing else is left", () => {
  const down = member("a", 0, { mayTry: false });
  expect(choose([arm(1, down), arm(0, member("off"))])).toBe("down");
});

test("the traffic of an arm that is down goes to the others in proportion; their own stays where it was", () => {
  const up = [arm(50, member("a")), arm(30, member("b")), arm(20, member("c"))];
  const withoutA = [arm(50, member("a", 0, { mayTry: false })), ...up.slice(1)];
  const counts = spread(withoutA);
  expectNear(counts.get("b"), 6000);
  expectNear(counts.get("c"), 4000);
  for (const conversation of conversations) {
    const before = choose(up, { conversation });
    if (before !== "a") expect(choose(withoutA, { conversation })).toBe(before);
  }
});

test("a canary that grows keeps the conversations it has", () => {
  const share = (canary: number) => [arm(100 - canary, member("stable")), arm(canary, member("canary"))];
  for (const conversation of conversations) {
    if (choose(share(10), { conversation }) !== "canary") continue;
    expect(choose(share(25), { conversation })).toBe("canary");
  }
});

test("an arm that is full spills over", () => {
  const full = member("full", 4, { maxConcurrent: 4 });
  const tier = [arm(99, full), arm(1, member("free"))];
  for (const conversation of [undefined, ...conversations.slice(0, 100)]) {
    expect(choose(tier, conversation ? { conversation } : {})).toBe("free");
  }
});

test("the choice of the member does not depend on the choice of the arm", () => {
  const counts = spread([arm(1, member("a"), member("b")), arm(1, member("c"), member("d"))]);
  for (const name of ["a", "b", "c", "d"]) expectNear(counts.get(name), 2500);
});

test("replicas with names alike share conversations evenly", () => {
  const replicas = Array.from({ length: 8 }, (_, i) => member(`vllm-${i}.vllm.models.svc:8000`));
  const counts = spread([arm(1, ...replicas)]);
  for (const { name } of replicas) expectNear(counts.get(name), 1250);
});

test("a conversation keeps its member while its load is close to the least, then takes the least loaded", () => {
  const at = (load: number): string => choose([arm(1, member("a", load), member("b", 5))], { conversation });
  const conversation = conversations.find(
    (id) => choose([arm(1, member("a"), member("b"))], { conversation: id }) === "a",
  )!;
  expect(at(5 + AFFINITY_GAP)).toBe("a");
  expect(at(6 + AFFINITY_GAP)).toBe("b");
});

test("without a conversation equal prefixes go to the same member", () => {
  const tier = [arm(1, member("a"), member("b"), member("c"))];
  const names = [0, 0.5, 0.99].map((roll) => choose(tier, { prefix: "You answer from documents." }, roll));
  expect(new Set(names).size).toBe(1);
  const long = "x".repeat(2000);
  expect(choose(tier, { prefix: `${long}a` })).toBe(choose(tier, { prefix: `${long}b` }));
});

test("without any affinity the least loaded is taken, ties by the roll", () => {
  const tier = [arm(1, member("busy", 3), member("a", 1), member("b", 1), member("c", 1))];
  expect([0, 0.34, 0.67, 0.99].map((roll) => choose(tier, {}, roll))).toEqual(["a", "b", "c", "c"]);
});

test("what was tried is not chosen again; when nothing else is left the tier is down", () => {
  const tier = [arm(1, member("a"), member("b"))];
  expect(choose(tier, { conversation: "c" }, 0, new Set(["a"]))).toBe("b");
  expect(choose(tier, {}, 0, new Set(["a", "b"]))).toBe("down");
});

test("it is busy when those that may be tried are full, and down when none may be tried", () => {
  const full = member("full", 2, { maxConcurrent: 2 });
  const down = member("down", 0, { mayTry: false });
  expect(choose([arm(1, full, down)])).toBe("busy");
  expect(choose([arm(1, full), arm(1, down)])).toBe("busy");
  expect(choose([arm(1, full, down)], {}, 0, new Set(["full"]))).toBe("down");
  expect(choose([arm(1, down)])).toBe("down");
  expect(choose([])).toBe("down");
  expect(choose([arm(1)])).toBe("down");
});

test("a single member is chosen without hash or roll", () => {
  const unread = new Proxy(
    { conversation: undefined, prefix: "" },
    {
      get: () => {
        throw new Error("read");
      },
    },
  );
  const roll = (): number => {
    throw new Error("rolled");
  };
  const only = member("only");
  const down = member("down", 0, { mayTry: false });
  expect(() => chooseUpstream([arm(1, only)], unread, none, roll)).not.toThrow();
  expect(chooseUpstream([arm(1, only, down), arm(1, down)], { conversation: "c", prefix: "p" }, none, roll)).toBe(only);
});

const anyMember = fc.record({
  inFlight: fc.nat(6),
  maxConcurrent: fc.integer({ min: 1, max: 6 }),
  mayTry: fc.boolean(),
});
const anyTier = fc.array(fc.record({ weight: fc.nat(3), members: fc.array(anyMember, { maxLength: 4 }) }), {
  maxLength: 4,
});

test("whatever the tier: a usable member within the gap, or the reason why there is none", () => {
  const about = fc.record({ conversation: fc.option(fc.string(), { nil: undefined }), prefix: fc.string() });
  const rolls = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(anyTier, about, rolls, fc.array(fc.nat(15)), (shapes, affinity, roll, triedAt) => {
      let next = 0;
      const tier = shapes.map(({ weight, members }) => ({
        weight,
        members: members.map((shape) => ({ name: `m${next++}`, ...shape })),
      }));
      const tried = new Set(triedAt.map((at) => `m${at}`));
      const choice = chooseUpstream(tier, affinity, tried, () => roll);
      const left = tier
        .filter(({ weight }) => weight > 0)
        .map(({ members }) => members.filter(({ name, mayTry }) => mayTry && !tried.has(name)));
      const hasRoom = (one: Member): boolean => one.inFlight < one.maxConcurrent;
      if (choice === "down") {
        expect(left.flat()).toEqual([]);
        return;
      }
      expect(left.flat()).not.toEqual([]);
      if (choice === "busy") {
        expect(left.flat().filter(hasRoom)).toEqual([]);
        return;
      }
      const peers = left.find((members) => members.includes(choice))!.filter(hasRoom);
      expect(peers).toContain(choice);
      expect(choice.inFlight - Math.min(...peers.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(AFFINITY_GAP);
    }),
  );
});
