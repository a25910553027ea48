import { verify } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { preAuthEncoding } from "#shared/lineage/dsse.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";
import { publicKeyOf } from "#shared/lineage/signing-key.ts";
import { attestationOf } from "../../evals/gate/attestation.ts";
import type { Decision } from "../../evals/gate/verdict.ts";
import type { Results } from "../../evals/results.ts";

const folder = mkdtempSync(join(tmpdir(), "cairn-attest-"));
afterAll(() => rmSync(folder, { recursive: true }));

const gate = { suite: "shipped", metric: "answer_correct", language: "zh", slice: "", count: 2, value: 0.5 } as const;
const decision: Decision = {
  verdict: "NO-GO",
  reasons: [],
  notes: [],
  gates: [
    { ...gate, verdict: "fail" },
    { ...gate, language: "en", verdict: "pass" },
    { ...gate, slice: "typo", verdict: "unsure" },
  ],
};
const results: Results = {
  format: "cairn-evals/1",
  seed: 1,
  release: { name: "default", digest: "ab".repeat(32) },
  code: { revision: "c0de", changed: false },
  suites: [{ name: "squad", description: "", tier: "supporting", status: "skipped", reason: "no data" }],
};

test("a run is an in-toto test result about the release, and can be signed like every record", async () => {
  const statement = attestationOf(results, decision, { suites: {}, parity: [] });
  expect(statement).toMatchObject({
    subject: [{ name: "release:default", digest: { sha256: "ab".repeat(32) } }],
    predicateType: "https://in-toto.io/attestation/test-result/v0.1",
    predicate: {
      result: "FAILED",
      passedTests: ["shipped · en · answer_correct"],
      warnedTests: ["shipped · zh · typo · answer_correct", "squad"],
      failedTests: ["shipped · zh · answer_correct"],
    },
  });
  const ring = await openKeyRing(join(folder, "keys.json"), () => 1000);
  const { payload, payloadType, signatures } = ring.seal(JSON.stringify(statement), 2000);
  const [key] = ring.published();
  const body = Buffer.from(payload, "base64");
  const signature = Buffer.from(signatures[0]!.sig, "base64");
  expect(verify(null, preAuthEncoding(payloadType, body), publicKeyOf(key!), signature)).toBe(true);
});
