import { expect, test } from "vitest";
import { AppError } from "#shared/errors.ts";
import { createAdmission } from "../../services/gateway/admission/admission.ts";
import { createGrantRate, retryAfterSeconds } from "../../services/gateway/admission/retry-after.ts";
import { admissionRig, type Entered, ROOMY, settled } from "../helpers/admission-rig.ts";

const outcomes = (entered: readonly Entered[]): Record<string, string> =>
  Object.fromEntries(entered.map(({ name, outcome }) => [name, outcome]));

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

test("a full queue refuses the tenant that fills it", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 2 });
  for (const name of names("a", 3)) rig.enter(name, { tenant: "a" });
  await settled();
  expect(outcomes(rig.entered)).toEqual({ a1: "waits", a2: "waits", a3: "rate_limited" });
});

test("the newest ticket of the tenant that holds most gives way, until both hold about the same", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 5 });
  for (const name of [...names("a", 5), ...names("b", 3)]) rig.enter(name, { tenant: name[0]! });
  await settled();
  const gone = rig.entered.filter(({ outcome }) => outcome === "rate_limited");
  expect(gone.map(({ name }) => name)).toEqual(["a4", "a5", "b3"]);
  expect(rig.admission.queued).toBe(5);
});

test("no one gives way to a tenant that holds just one ticket less", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 1 });
  for (const name of ["a", "b"]) rig.enter(name);
  await settled();
  expect(outcomes(rig.entered)).toEqual({ a: "waits", b: "rate_limited" });
});

test("batch gives way to interactive, also of the same tenant, and never the other way round", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 2 });
  for (const name of ["batch1", "batch2"]) rig.enter(name, { tenant: "a", priority: "batch" });
  for (const name of ["person1", "person2"]) rig.enter(name, { tenant: "a" });
  rig.enter("late", { tenant: "b", priority: "batch" });
  await settled();
  expect(outcomes(rig.entered)).toEqual({
    batch1: "rate_limited",
    batch2: "rate_limited",
    person1: "waits",
    person2: "waits",
    late: "rate_limited",
  });
});

test("as many tickets give way as the newcomer's bytes need", async () => {
  const rig = admissionRig({ ...ROOMY, maxBytes: 100 });
  for (const name of names("a", 10)) rig.enter(name, { tenant: "a", bytes: 10 });
  rig.enter("b", { bytes: 25 });
  await settled();
  const gone = rig.entered.filter(({ outcome }) => outcome === "rate_limited").map(({ name }) => name);
  expect(gone).toEqual(["a8", "a9", "a10"]);
  expect(rig.admission.queuedBytes).toBe(95);
});

test("nobody gives way to a newcomer that would then hold more bytes than the others", async () => {
  const rig = admissionRig({ ...ROOMY, maxBytes: 100 });
  for (const name of names("a", 10)) rig.enter(name, { tenant: "a", bytes: 10 });
  rig.enter("b", { bytes: 60 });
  await settled();
  expect(rig.entered.filter(({ outcome }) => outcome !== "waits").map(({ name }) => name)).toEqual(["b"]);
});

test("one tenant's few large requests give way to another's small one", async () => {
  const rig = admissionRig({ ...ROOMY, maxBytes: 100 });
  rig.enter("large", { tenant: "a", bytes: 100 });
  rig.enter("small", { bytes: 1 });
  await settled();
  expect(outcomes(rig.entered)).toEqual({ large: "rate_limited", small: "waits" });
});

test("an interactive newcomer takes all of batch and then from its own band what is needed", async () => {
  const rig = admissionRig({ ...ROOMY, maxBytes: 100 });
  for (const name of names("batch", 2)) rig.enter(name, { tenant: "c", priority: "batch", bytes: 10 });
  for (const name of names("a", 8)) rig.enter(name, { tenant: "a", bytes: 10 });
  rig.enter("b", { bytes: 30 });
  await settled();
  const gone = rig.entered.filter(({ outcome }) => outcome === "rate_limited").map(({ name }) => name);
  expect(gone).toEqual(["batch1", "batch2", "a8"]);
});

test("a request that could never fit is too large, and told the limit; a free place takes it", async () => {
  const rig = admissionRig({ ...ROOMY, maxBytes: 100 }, 1);
  const lucky = rig.enter("lucky", { bytes: 101 });
  const large = rig.enter("large", { bytes: 101 });
  await settled();
  expect(lucky.outcome).toBe("place");
  expect(large.outcome).toBe("too_large");
  expect(String(large.error)).toContain("100");
});

test("with maxRequests 0 there is a place at once or a 429", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 0 }, 1);
  const first = rig.enter("first");
  const second = rig.enter("second", { bytes: 2_000_000 });
  await settled();
  expect([first.outcome, second.outcome]).toEqual(["place", "rate_limited"]);
  expect(second.error).toMatchObject({ retryAfterSeconds: expect.any(Number) });
});

test("tickets that wait stay when the limits shrink, and newcomers meet the new ones", async () => {
  const rig = admissionRig();
  for (const name of names("a", 4)) rig.enter(name, { tenant: "a" });
  rig.admission.setLimits({ maxRequests: 2, maxBytes: 100, maxWaitMs: 1 });
  rig.enter("a5", { tenant: "a" });
  rig.enter("b");
  await settled();
  expect(outcomes(rig.entered)).toEqual({
    a1: "waits",
    a2: "waits",
    a3: "waits",
    a4: "rate_limited",
    a5: "rate_limited",
    b: "waits",
  });
  rig.now += 1;
  rig.release(4);
  expect(rig.granted).toEqual(["a1", "a2", "a3"]);
});

test("who holds most is judged by the limits of now", async () => {
  const rig = admissionRig({ maxRequests: 1000, maxBytes: 100, maxWaitMs: 60_000 });
  for (const name of names("many", 10)) rig.enter(name, { tenant: "many", bytes: 1 });
  rig.enter("large", { bytes: 50 });
  rig.admission.setLimits({ maxRequests: 11, maxBytes: 10_000, maxWaitMs: 60_000 });
  rig.enter("new");
  await settled();
  expect(rig.entered.filter(({ outcome }) => outcome !== "waits").map(({ name }) => name)).toEqual(["many10"]);
});

test("after close newcomers are turned away, and who waits is still served", async () => {
  const rig = admissionRig();
  const before = rig.enter("before");
  rig.admission.close();
  const after = rig.enter("after");
  rig.release();
  await settled();
  expect([before.outcome, after.outcome]).toEqual(["place", "unavailable"]);
  expect(after.error).toMatchObject({
    message: "The gateway is shutting down. Try again.",
    retryAfterSeconds: 1,
  });
});

test("whose time is over is not served, even if a place comes at that moment", async () => {
  const rig = admissionRig({ ...ROOMY, maxWaitMs: 100 });
  const first = rig.enter("first");
  rig.now += 60;
  const second = rig.enter("second");
  rig.now += 40;
  rig.release();
  await settled();
  expect(first.outcome).not.toBe("place");
  expect(second.outcome).toBe("place");
});

test("whose time is over is told that the model is busy if it serves, else that nothing serves it", async () => {
  const waits = async (rig: ReturnType<typeof admissionRig>): Promise<Entered> => {
    const entered = rig.enter("late");
    rig.now += 100;
    rig.admission.pump();
    await settled();
    expect(entered.error).toMatchObject({ retryAfterSeconds: expect.any(Number) });
    return entered;
  };
  const limits = { ...ROOMY, maxWaitMs: 100 };
  const busy = admissionRig(limits, 1);
  busy.enter("running");
  expect((await waits(busy)).outcome).toBe("rate_limited");
  expect((await waits(admissionRig(limits))).outcome).toBe("unavailable");
  expect((await waits(admissionRig(limits, 0, { serves: () => true }))).outcome).toBe("rate_limited");
});

test("one real timer ends each wait on time, also when tickets come out of order", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const admission = createAdmission(
    "m",
    { ...ROOMY, maxWaitMs: 60 },
    () => undefined,
    performance,
    () => false,
  );
  const wait = (enteredAt: number, signal = new AbortController().signal): Promise<unknown> =>
    admission.enter({ tenant: "a", priority: "interactive", bytes: 1, enteredAt }, signal).catch((reason) => reason);

  const before = timers();
  const waits = [0, 20, -30, 40, -10].map(async (offset) => {
    const enteredAt = performance.now() + offset;
    expect(await wait(enteredAt)).toBeInstanceOf(AppError);
    return performance.now() - enteredAt - 60;
  });
  expect(timers()).toBe(before + 1);
  for (const late of await Promise.all(waits)) {
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(30);
  }

  // Had the timer stayed, it would serve this one and no new one would come.
  const leaving = new AbortController();
  const after = timers();
  const last = wait(performance.now(), leaving.signal);
  expect(timers()).toBe(after + 1);
  leaving.abort();
  expect(timers()).toBe(after);
  await last;
});

test("Retry-After is the length of the queue over the rate of places while somebody waits", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 50 });
  for (const name of names("a", 50)) rig.enter(name, { tenant: "a" });
  for (const name of names("more", 40)) {
    rig.now += 200;
    rig.release();
    rig.enter(name, { tenant: "a" });
  }
  const refused = rig.enter("refused", { tenant: "a" });
  await settled();
  expect(refused.error).toMatchObject({ code: "rate_limited", retryAfterSeconds: 10 });
});

test("the rate forgets slowly, and not while nobody waits", () => {
  const rate = createGrantRate();
  expect(rate.perSecond()).toBe(0);
  rate.resume(0);
  for (let at = 100; at <= 60_000; at += 100) rate.observe(at, 1);
  expect(rate.perSecond()).toBeCloseTo(10, 0);
  rate.resume(10_000_000);
  expect(rate.perSecond()).toBeCloseTo(10, 0);
  for (let at = 10_001_000; at <= 10_100_000; at += 1000) rate.observe(at, 1);
  expect(rate.perSecond()).toBeCloseTo(1, 0);
});

test("Retry-After stays between 1 and 60 s, and without a known rate is the time to wait", () => {
  expect(retryAfterSeconds(1, 1000, 5000)).toBe(1);
  expect(retryAfterSeconds(10_000, 1, 5000)).toBe(60);
  expect(retryAfterSeconds(10, 0, 4200)).toBe(5);
  expect(retryAfterSeconds(0, 0, 0)).toBe(1);
});
