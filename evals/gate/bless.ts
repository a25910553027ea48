import type { Results, RunSuite } from "../results.ts";
import { saveBaseline } from "./baseline.ts";
import type { Policy } from "./policy.ts";
import { type Decision, placeOf } from "./verdict.ts";

/** Suites whose answers may be kept: the questions and documents are the project's own. */
const OWN = new Set(["handbook"]);

/**
 * Makes a run the one that later runs are compared with. Only what was asked whole and breaks no bound: a baseline below
 * its own floors would hide that they are broken. Rejects with a sentence otherwise.
 */
export async function bless(folder: string, results: Results, { gates }: Decision, policy: Policy): Promise<void> {
  const ran = results.suites.filter((suite): suite is RunSuite => suite.status === "run");
  const sampled = ran.find((suite) => suite.sampled !== undefined);
  if (sampled) throw new Error(`${sampled.name} was asked only ${sampled.sampled} questions. Bless a whole run.`);
  const wrong = gates.find(({ broken }) => broken === "bound");
  if (wrong) throw new Error(`Not blessed: ${placeOf(wrong)} ${wrong.reason}.`);
  for (const suite of ran) {
    await saveBaseline(folder, suite, policy.suites[suite.name] ?? [], results.release.digest, OWN.has(suite.name));
  }
}
