import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { BREAKER, type Breaker, createBreaker, type Exchange } from "../../services/gateway/routing/breaker.ts";
import { AppError, type ErrorCode } from "../../services/shared/errors.ts";

let now: number;
let changes: string[];
let breaker: Breaker;

const broken = new AppError("upstream_failed", "broken");
const limited = (retryAfterSeconds?: number): AppError =>
  new AppError("rate_limited", "busy", retryAfterSeconds === undefined ? {} : { retryAfterSeconds });

beforeEach(() => {
  now = 0;
  changes = [];
  breaker = createBreaker({ now: () => now }, (state) => changes.push(`${now} ${state}`));
});

function succeed(times = 1): void {
  for (let i = 0; i < times; i++) breaker.succeeded(breaker.begin());
}

function fail(times = 1, error = broken): void {
  for (let i = 0; i < times; i++) breaker.failed(breaker.begin(), error);
}

function answer(): Exchange {
  const exchange = breaker.begin();
  breaker.answered(exchange);
  return exchange;
}

function breakOff(times: number): void {
  for (let i = 0; i < times; i++) breaker.failed(answer(), broken);
}

test("it opens after five failures in a row, probes after a second and closes after two good probes", () => {
  fail(4);
  expect([breaker.state, breaker.mayTry(), breaker.retryAt]).toEqual(["closed", true, 0]);
  fail();
  expect([breaker.state, breaker.mayTry(), breaker.retryAt]).toEqual(["open", false, 1000]);
  now = 999;
  expect(breaker.mayTry()).toBe(false);
  now = 1000;
  expect([breaker.state, breaker.mayTry(), breaker.retryAt]).toEqual(["half-open", true, 0]);
  succeed();
  expect(breaker.state).toBe("half-open");
  now = 1010;
  succeed();
  expect([breaker.state, breaker.mayTry()]).toEqual(["closed", true]);
  expect(changes).toEqual(["0 open", "1000 half-open", "1010 closed"]);
});

test("a success in between begins the row again", () => {
  for (let i = 0; i < 9; i++) {
    succeed();
    fail(4);
    succeed(9);
  }
  expect(breaker.state).toBe("closed");
});

test("half of at least twenty exchanges within the window opens it, older ones do not count", () => {
  for (let i = 0; i < 9; i++) {
    succeed();
    fail();
  }
  succeed();
  expect(breaker.state).toBe("closed");
  fail();
  expect(changes).toEqual(["0 open"]);

  const later = createBreaker({ now: () => now }, () => {});
  for (let i = 0; i < 400; i++) {
    now += 2000;
    if (i % 2) later.succeeded(later.begin());
    else later.failed(later.begin(), broken);
  }
  expect(later.state).toBe("closed");
});

test.each<[ErrorCode, string]>([
  ["upstream_failed", "open"],
  ["upstream_timeout", "open"],
  ["unavailable", "open"],
  ["rate_limited", "closed"],
  ["invalid_request", "closed"],
  ["too_large", "closed"],
])("%s leaves it %s", (code, state) => {
  fail(30, new AppError(code, "no"));
  expect(breaker.state).toBe(state);
});

test("what the caller got wrong shows that the upstream is alive", () => {
  fail(4);
  fail(1, new AppError("invalid_request", "no"));
  fail(4);
  expect(breaker.state).toBe("closed");
  fail();
  now = 1000;
  fail(2, new AppError("invalid_request", "no"));
  expect(breaker.state).toBe("closed");
});

test("while it is half-open one probe runs at a time", () => {
  fail(5);
  now = 1000;
  const probe = breaker.begin();
  expect([breaker.mayTry(), breaker.retryAt]).toEqual([false, 2000]);
  breaker.succeeded(probe);
  expect([breaker.mayTry(), breaker.retryAt]).toEqual([true, 0]);
});

test("a stream gives the probe's place free with its first byte", () => {
  fail(5);
  now = 1000;
  const first = answer();
  expect([breaker.state, breaker.mayTry()]).toEqual(["half-open", true]);
  const second = answer();
  expect(breaker.state).toBe("closed");
  breaker.succeeded(first);
  breaker.succeeded(second);
  expect(changes).toHaveLength(3);
});

test("one stream is one good probe, though it is answered and succeeds", () => {
  fail(5);
  now = 1000;
  breaker.succeeded(answer());
  expect(breaker.state).toBe("half-open");
});

test("a probe's stream that breaks opens it again, and the end of the other probe changes nothing", () => {
  fail(5);
  now = 1000;
  const stream = answer();
  const probe = breaker.begin();
  breaker.abandoned(stream);
  expect(breaker.mayTry()).toBe(false);
  breaker.failed(probe, broken);
  expect([breaker.state, breaker.retryAt]).toEqual(["open", 3000]);
  breaker.failed(stream, broken);
  expect([breaker.state, breaker.retryAt]).toEqual(["open", 3000]);
});

test("an abandoned probe and a rate limited one free their place and say nothing", () => {
  fail(5);
  now = 1000;
  breaker.abandoned(breaker.begin());
  breaker.failed(breaker.begin(), limited());
  expect([breaker.state, breaker.mayTry()]).toEqual(["half-open", true]);
  succeed();
  expect(breaker.state).toBe("half-open");
});

test("failed probes double the time up to thirty seconds, a steady time begins with one again", () => {
  const waits: number[] = [];
  const note = (): void => {
    waits.push(breaker.retryAt - now);
    now = breaker.retryAt;
  };
  fail(5);
  note();
  for (let i = 0; i < 6; i++) {
    fail();
    note();
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  succeed(2);
  now += 1000;
  fail(5);
  expect(breaker.retryAt - now).toBe(30_000);
  now = breaker.retryAt;
  succeed(2);
  now += BREAKER.steadyMs;
  fail(5);
  expect(breaker.retryAt - now).toBe(1000);
});

test("what began before it opened cannot blame or praise the upstream afterwards", () => {
  const old = [breaker.begin(), breaker.begin(), breaker.begin()];
  const stream = answer();
  fail(5);
  now = 1000;
  const probe = breaker.begin();
  for (const exchange of old) breaker.succeeded(exchange);
  breaker.failed(stream, broken);
  breaker.abandoned(stream);
  expect([breaker.state, breaker.mayTry()]).toEqual(["half-open", false]);
  breaker.succeeded(probe);
  succeed();
  expect(breaker.state).toBe("closed");
});

test("five streams in a row that break off open it, although each had begun well", () => {
  breakOff(4);
  breaker.succeeded(answer());
  breakOff(4);
  expect(breaker.state).toBe("closed");
  breakOff(1);
  expect(breaker.state).toBe("open");
});

test("a stream that broke off counts once, as a failure", () => {
  for (let i = 0; i < 9; i++) {
    breaker.succeeded(answer());
    breakOff(1);
  }
  breaker.succeeded(answer());
  expect(breaker.state).toBe("closed");
  breakOff(1);
  expect(breaker.state).toBe("open");
});

test("Retry-After makes it cool down, sixty seconds at most, without opening it", () => {
  fail(1, limited(3));
  expect([breaker.state, breaker.mayTry(), breaker.retryAt]).toEqual(["closed", false, 3000]);
  fail(1, limited(1));
  expect(breaker.retryAt).toBe(3000);
  now = 3000;
  expect([breaker.mayTry(), breaker.retryAt]).toEqual([true, 0]);
  fail(1, limited(3600));
  expect(breaker.retryAt).toBe(63_000);
  now = 63_000;
  expect(breaker.mayTry()).toBe(true);
  fail(1, limited());
  expect([breaker.mayTry(), changes]).toEqual([true, []]);
});

test("a try against its advice says nothing", () => {
  fail(5);
  const early = breaker.begin();
  now = 1000;
  const probe = breaker.begin();
  const beside = breaker.begin();
  for (const exchange of [early, beside]) {
    breaker.answered(exchange);
    breaker.failed(exchange, broken);
  }
  expect([breaker.state, breaker.mayTry()]).toEqual(["half-open", false]);
  breaker.succeeded(probe);
  expect(breaker.mayTry()).toBe(true);
});

test("whatever happens, it recovers: two good probes close it once all exchanges have ended", () => {
  const step = fc.record({ wait: fc.nat(4000), act: fc.nat(4), which: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      now = 0;
      breaker = createBreaker({ now: () => now }, () => {});
      const running: Exchange[] = [];
      for (const { wait, act, which } of steps) {
        now += wait;
        expect(breaker.mayTry()).toBe(breaker.retryAt === 0);
        if (act === 0 || running.length === 0) {
          if (breaker.mayTry()) running.push(breaker.begin());
          continue;
        }
        const at = which % running.length;
        if (act === 1) breaker.answered(running[at]!);
        else {
          const [exchange] = running.splice(at, 1);
          if (act === 2) breaker.succeeded(exchange!);
          else if (act === 3) breaker.failed(exchange!, broken);
          else breaker.abandoned(exchange!);
        }
      }
      for (const exchange of running) breaker.abandoned(exchange);
      now += BREAKER.maxOpenMs;
      expect(breaker.mayTry()).toBe(true);
      succeed(2);
      expect(breaker.state).toBe("closed");
    }),
  );
});
