import { digestOfJson } from "#shared/digest.ts";
import { STATEMENT_V1 } from "#shared/lineage/answer-statement.ts";
import type { Results } from "../results.ts";
import type { Policy } from "./policy.ts";
import { type Decision, placeOf } from "./verdict.ts";

const PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1";
const RESULT = { GO: "PASSED", "NO-GO": "FAILED", INCONCLUSIVE: "WARNED" } as const;

/**
 * What was found about a release, as an in-toto statement: the subject is the release's digest, the configuration is the
 * policy and the data of each suite, a test is a gate. https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
 */
export function attestationOf(results: Results, { verdict, gates }: Decision, policy: Policy): object {
  const { release, code, suites } = results;
  const named = (wanted: "pass" | "unsure" | "fail"): string[] =>
    gates.filter((gate) => gate.verdict === wanted).map(placeOf);
  return {
    _type: STATEMENT_V1,
    subject: [{ name: `release:${release.name}`, digest: { sha256: release.digest } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      result: RESULT[verdict],
      configuration: [
        { name: "policy", digest: { sha256: digestOfJson(policy) } },
        { name: "code", uri: `git:${code.revision}`, annotations: { changed: code.changed } },
        ...suites.flatMap((suite) =>
          suite.status === "skipped"
            ? []
            : [{ name: `suite:${suite.name}`, digest: { sha256: digestOfJson(suite.fingerprint) } }],
        ),
      ],
      passedTests: named("pass"),
      warnedTests: [...named("unsure"), ...suites.filter(({ status }) => status === "skipped").map(({ name }) => name)],
      failedTests: named("fail"),
    },
  };
}
