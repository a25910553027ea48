import type { Gate } from "../gate/gates.ts";
import { type Decision, placeOf } from "../gate/verdict.ts";
import type { Results } from "../results.ts";
import { escaped } from "./html.ts";

/** JUnit XML: a test suite for each suite, a case for each gate. A gate that cannot decide is a failure that says so. */
export function junitReport({ suites }: Results, { gates }: Decision): string {
  const parts = suites.map((suite) => {
    if (suite.status === "skipped") {
      const attributes = `name="${escaped(suite.name)}" tests="1" failures="0" skipped="1"`;
      const skipped = `<testcase classname="${escaped(suite.name)}" name="data"><skipped message="${escaped(suite.reason)}"/></testcase>`;
      return `  <testsuite ${attributes}>\n    ${skipped}\n  </testsuite>`;
    }
    const own = gates.filter((gate) => gate.suite === suite.name);
    const failures = own.filter(({ verdict }) => verdict !== "pass").length;
    const attributes = `name="${escaped(suite.name)}" tests="${own.length}" failures="${failures}" skipped="0"`;
    return `  <testsuite ${attributes}>\n${own.map((gate) => `    ${caseOf(gate)}`).join("\n")}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cairn-evals">\n${parts.join("\n")}\n</testsuites>\n`;
}

function caseOf(gate: Gate): string {
  const open = `<testcase classname="${escaped(gate.suite)}" name="${escaped(placeOf(gate))}"`;
  if (gate.verdict === "pass") return `${open}/>`;
  const type = gate.verdict === "fail" ? "NO-GO" : "INCONCLUSIVE";
  return `${open}><failure type="${type}" message="${escaped(gate.reason ?? "")}"/></testcase>`;
}
