import { beforeEach, expect, test } from "vitest";
import { createProber, type Prober, type ProbeSettings } from "../../services/gateway/routing/probe.ts";

type Timer = { readonly run: () => void; readonly ms: number };
type Asked = { readonly signal: AbortSignal; answer(): void; refuse(): void };

let timers: Set<Timer>;
let asked: Asked[];
let results: boolean[];
let prober: Prober;

function schedule(run: () => void, ms: number): () => void {
  const timer = { run, ms };
  timers.add(timer);
  return () => timers.delete(timer);
}

/** Hears of an abort only when the test says so. */
function ask(signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  asked.push({ signal, answer: resolve, refuse: () => reject(new Error("refused")) });
  return promise;
}

function create(more: Partial<ProbeSettings> = {}): void {
  const onResult = (ok: boolean): void => void results.push(ok);
  prober = createProber({ ask, onResult, everyMs: 10_000, schedule, roll: () => 0.5, ...more });
}

/** Lets the only timer fire, and says how long it was for. */
function fire(): number {
  expect(timers.size).toBe(1);
  const [timer] = timers;
  timers.clear();
  timer!.run();
  return timer!.ms;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function answer(): Promise<void> {
  asked.at(-1)!.answer();
  await settled();
}

async function refuse(): Promise<void> {
  asked.at(-1)!.refuse();
  await settled();
}

beforeEach(() => {
  timers = new Set();
  asked = [];
  results = [];
  create();
});

test("it asks at once, at its interval while well and every second while failing", async () => {
  prober.start();
  await answer();
  expect(fire()).toBe(10_000);
  await refuse();
  expect(fire()).toBe(1000);
  await refuse();
  expect(fire()).toBe(1000);
  await answer();
  expect(fire()).toBe(10_000);
  expect(asked).toHaveLength(4 + 1);
  expect(results).toEqual([true, false, false, true]);
});

test("no answer within two seconds is a failure, told at once and once; the next probe waits for this one", async () => {
  prober.start();
  expect(fire()).toBe(2000);
  expect(results).toEqual([false]);
  expect(asked[0]!.signal.aborted).toBe(true);
  expect(timers.size).toBe(0);
  await answer();
  expect(results).toEqual([false]);
  expect(fire()).toBe(1000);
  expect(asked).toHaveLength(2);
});

test("intervals vary by a tenth either way", async () => {
  const rolls = [0, 0.75];
  create({ roll: () => rolls.shift()! });
  prober.start();
  await answer();
  expect(fire()).toBe(9000);
  await answer();
  expect(fire()).toBe(10_500);
});

test("a failing upstream is not asked less often than a well one", async () => {
  create({ everyMs: 200 });
  prober.start();
  await refuse();
  expect(fire()).toBe(200);
});

test("soon asks now, but never two at once", async () => {
  prober.soon();
  expect(asked).toHaveLength(0);
  prober.start();
  prober.start();
  prober.soon();
  expect(asked).toHaveLength(1);
  await answer();
  prober.soon();
  expect(asked).toHaveLength(2);
  expect(timers.size).toBe(1);
});

test("stop leaves no timer, aborts a running probe and does not tell its result", async () => {
  prober.start();
  prober.stop();
  expect(asked[0]!.signal.aborted).toBe(true);
  await refuse();
  expect([results, timers.size]).toEqual([[], 0]);
  prober.start();
  await answer();
  expect([results, timers.size]).toEqual([[true], 1]);
  prober.stop();
  expect(timers.size).toBe(0);
});

test("it may be stopped by whoever hears the result", async () => {
  create({ onResult: () => prober.stop() });
  prober.start();
  await answer();
  expect(timers.size).toBe(0);
  prober.start();
  fire();
  await refuse();
  expect(timers.size).toBe(0);
});

test("stopped and started while a probe is giving up, it goes on with one", async () => {
  prober.start();
  prober.stop();
  prober.start();
  expect(asked).toHaveLength(1);
  await refuse();
  fire();
  expect(asked).toHaveLength(2);
  expect(results).toEqual([]);
});

test("what is thrown before there is a promise is a failure, too", async () => {
  create({
    ask: () => {
      throw new Error("no such host");
    },
  });
  prober.start();
  await settled();
  expect([results, timers.size]).toEqual([[false], 1]);
});

test("real timers: a probe that hangs is given up and asked again, and none is left", async () => {
  const heard = Promise.withResolvers<void>();
  const hangs = (signal: AbortSignal): Promise<void> => {
    asked.push({ signal, answer: () => {}, refuse: () => {} });
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const onResult = (ok: boolean): void => {
    results.push(ok);
    if (results.length === 3) heard.resolve();
  };
  const real = createProber({ ask: hangs, onResult, everyMs: 5, failingMs: 5, timeoutMs: 5 });
  // The prober's own timers do not keep the process alive.
  const awake = setInterval(() => {}, 1000);
  real.start();
  await heard.promise;
  real.stop();
  clearInterval(awake);
  expect(results).toEqual([false, false, false]);
  const before = asked.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(asked).toHaveLength(before);
});
