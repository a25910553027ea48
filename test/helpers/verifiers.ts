import { expect } from "vitest";
import { exitCodeOf, type Known, PROPERTIES, verifyBundle } from "#shared/lineage/verify-bundle.ts";
import {
  PROPERTIES as OTHER_PROPERTIES,
  exitCodeOf as otherExitCodeOf,
  verifyBundle as verifyElsewhere,
} from "../../services/retrieval-api/lineage/takeaway/verify.mjs";

/** What both verifiers found: they must agree. The properties that failed, in order. */
export async function failuresOf(text: string, known: Known = {}): Promise<string[]> {
  const [own, other] = [verifyBundle(text, known), await verifyElsewhere(text, known)];
  const failed = (checks: readonly { property: string; result: string }[]) =>
    checks.filter(({ result }) => result === "failed").map(({ property }) => property);
  expect({ ok: other.ok, level: other.level, exit: otherExitCodeOf(other) }).toEqual({
    ok: own.ok,
    level: own.level,
    exit: exitCodeOf(own),
  });
  // The schema of a record is known here alone; where its signature is broken, that comes first in both.
  const shared = (list: string[]) => list.filter((property) => property !== "record");
  if (!failed(own.checks).includes("record")) expect(failed(other.checks)).toEqual(failed(own.checks));
  else expect(shared(failed(own.checks)).every((property) => failed(other.checks).includes(property))).toBe(true);
  expect(own.ok).toBe(failed(own.checks).length === 0);
  return failed(own.checks);
}

/** Both number the properties alike. */
export function expectSameNumbers(): void {
  for (const [property, code] of Object.entries(OTHER_PROPERTIES)) {
    expect(PROPERTIES[property as keyof typeof PROPERTIES]).toBe(code);
  }
}
