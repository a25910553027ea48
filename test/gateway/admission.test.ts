import { expect, test } from "vitest";
import { AppError } from "#shared/errors.ts";
import { createAdmission, type Ticket } from "../../services/gateway/admission/admission.ts";
import { admissionRig, ROOMY, settled } from "../helpers/admission-rig.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("when a place is free a request gets it at once, without timer or listener", async () => {
  const before = timers();
  const rig = admissionRig(ROOMY, 1);
  const signal = new AbortController().signal;
  signal.addEventListener = () => expect.unreachable("a listener was added");
  const ticket: Ticket = { tenant: "a", priority: "interactive", bytes: 1, enteredAt: rig.now };
  expect(await rig.admission.enter(ticket, signal)).toBe(ticket);
  expect(timers()).toBe(before);
  expect(rig.admission.queued).toBe(0);
});

test("the requests of one tenant are served in the order in which they came", () => {
  const rig = admissionRig();
  for (const name of ["1", "2", "3", "4"]) rig.enter(name, { tenant: "a" });
  rig.release(4);
  expect(rig.granted).toEqual(["1", "2", "3", "4"]);
});

test("tenants take turns, however many requests one of them has", () => {
  const rig = admissionRig();
  for (const name of ["a1", "a2", "a3", "b1", "c1", "c2"]) rig.enter(name, { tenant: name[0]! });
  rig.release(6);
  expect(rig.granted).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
});

test("a tenant that comes back at once after its turn waits for the others' turns", () => {
  const rig = admissionRig();
  for (const name of ["a1", "a2", "a3", "b1"]) rig.enter(name, { tenant: name[0]! });
  for (const name of ["b2", "b3"]) {
    rig.release(2);
    rig.enter(name, { tenant: "b" });
  }
  rig.release(2);
  expect(rig.granted).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
});

test("leaving the queue after one's turn and coming back gains no second turn in a round", () => {
  const rig = admissionRig();
  const [, second] = ["a1", "a2", "b1", "c1"].map((name) => rig.enter(name, { tenant: name[0]! }));
  rig.release();
  second!.abort();
  rig.enter("a3", { tenant: "a" });
  rig.enter("d1", { tenant: "d" });
  rig.release(4);
  expect(rig.granted).toEqual(["a1", "b1", "c1", "d1", "a3"]);
});

test("interactive requests go before batch ones that wait longer", () => {
  const rig = admissionRig();
  rig.enter("batch 1", { priority: "batch" });
  rig.enter("batch 2", { priority: "batch" });
  rig.enter("person");
  rig.release(2);
  expect(rig.granted).toEqual(["person", "batch 1"]);
});

test("nobody overtakes: a newcomer queues behind its own and a higher band, also when a place is free", () => {
  const rig = admissionRig();
  rig.enter("first");
  rig.free = 1;
  rig.enter("second");
  rig.enter("batch", { priority: "batch" });
  expect(rig.granted).toEqual([]);
  rig.release(2);
  expect(rig.granted).toEqual(["first", "second", "batch"]);
});

test("an interactive newcomer takes a free place although batch work waits", () => {
  const rig = admissionRig();
  rig.enter("batch", { priority: "batch" });
  rig.free = 1;
  rig.enter("person");
  expect(rig.granted).toEqual(["person"]);
});

test("a client that leaves frees its count and bytes at once and leaves no timer and no listener", async () => {
  const before = timers();
  const rig = admissionRig();
  const first = rig.enter("first", { bytes: 10 });
  const second = rig.enter("second", { bytes: 20 });
  expect([rig.admission.queued, rig.admission.queuedBytes]).toEqual([2, 30]);
  expect(timers()).toBe(before + 1);
  const reason = new Error("left");
  first.abort(reason);
  expect([rig.admission.queued, rig.admission.queuedBytes]).toEqual([1, 20]);
  second.abort();
  expect([rig.admission.queued, rig.admission.queuedBytes]).toEqual([0, 0]);
  expect(timers()).toBe(before);
  await settled();
  expect(first.error).toBe(reason);
});

test("the listener goes when the place comes: an abort after that is the caller's", async () => {
  const rig = admissionRig();
  const entered = rig.enter("first");
  let listeners = 1;
  const remove = entered.signal.removeEventListener.bind(entered.signal);
  entered.signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  rig.release();
  expect(listeners).toBe(0);
  entered.abort();
  await settled();
  expect(entered.outcome).toBe("place");
});

test("a client that has left before it enters takes no place", async () => {
  const rig = admissionRig(ROOMY, 1);
  const reason = new Error("left");
  const ticket: Ticket = { tenant: "a", priority: "interactive", bytes: 1, enteredAt: rig.now };
  await expect(rig.admission.enter(ticket, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(rig.free).toBe(1);
});

test("a ticket for which `take` throws is rejected with that, and the next one is served", async () => {
  const rig = admissionRig();
  const lost = new AppError("unavailable", "No upstream is left.");
  const first = rig.enter("first");
  const second = rig.enter("second");
  rig.onTake = (ticket) => {
    if (ticket === first.ticket) throw lost;
  };
  rig.release();
  await settled();
  expect(first.error).toBe(lost);
  expect(second.outcome).toBe("place");
  expect(rig.admission.queued).toBe(0);
});

test("what `take` throws at once rejects the newcomer", async () => {
  const bug = new TypeError("bug");
  const admission = createAdmission<Ticket, never>(
    "m",
    ROOMY,
    () => {
      throw bug;
    },
    performance,
    () => false,
  );
  const ticket: Ticket = { tenant: "a", priority: "interactive", bytes: 1, enteredAt: performance.now() };
  await expect(admission.enter(ticket, new AbortController().signal)).rejects.toBe(bug);
});

test("pump inside `take` serves nobody twice and out of turn, and is not lost", () => {
  const rig = admissionRig();
  for (const name of ["1", "2", "3"]) rig.enter(name, { tenant: "a" });
  let more = 2;
  rig.onTake = () => {
    if (more-- > 0) rig.release();
  };
  rig.release();
  expect(rig.granted).toEqual(["1", "2", "3"]);
  expect(rig.free).toBe(0);
});

test("a `take` that always pumps and never gives does not go on for ever", () => {
  const rig = admissionRig();
  rig.enter("first");
  let asked = 0;
  rig.onTake = () => {
    asked += 1;
    rig.admission.pump();
  };
  rig.admission.pump();
  expect(asked).toBe(2);
});

test("a client that leaves while `take` finds it a place gets the place: it is not lost", async () => {
  const rig = admissionRig();
  const first = rig.enter("first");
  rig.onTake = () => first.abort();
  rig.release();
  await settled();
  expect(first.outcome).toBe("place");
  expect(rig.admission.queued).toBe(0);
});

test("a client that leaves while `take` finds nothing is gone, and the next one is asked for", async () => {
  const rig = admissionRig();
  const first = rig.enter("first");
  rig.enter("second");
  rig.onTake = (ticket) => {
    if (ticket === first.ticket) first.abort("left");
    else rig.free = 1;
  };
  rig.admission.pump();
  await settled();
  expect(first.outcome).toBe("left");
  expect(rig.granted).toEqual(["second"]);
});

test("a request that enters inside `take` queues and evicts nobody", async () => {
  const rig = admissionRig({ ...ROOMY, maxRequests: 1 });
  const batch = rig.enter("batch", { priority: "batch" });
  let nested = false;
  rig.onTake = () => {
    if (nested) return;
    nested = true;
    rig.enter("person");
    rig.free = 1;
  };
  rig.admission.pump();
  await settled();
  expect(batch.outcome).toBe("place");
  expect(rig.entered[1]?.outcome).toBe("rate_limited");
});
