import { join } from "node:path";
import type { Part } from "#shared/lineage/answer-statement.ts";
import { openKeyRing } from "#shared/lineage/key-ring.ts";

const sha256 = "c".repeat(64);

/** What a measured process would say of itself; hashing Node for each test would take longer than the tests. */
export const PARTS: readonly Part[] = [
  { name: "code", digest: { sha256 }, annotations: { assurance: "attested" } },
  { name: "runtime", digest: { sha256 }, annotations: { assurance: "attested" } },
];

/** Signing keys in this folder, and parts. */
export const lineageDeps = async (folder: string, now?: () => number) => ({
  ring: await openKeyRing(join(folder, "signing-keys.json"), now),
  parts: PARTS,
});
