import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../helpers/ask.ts";
import { cairn as cairnAt, type Ended, localCairn } from "./rig.ts";

let server: Awaited<ReturnType<typeof localCairn>>;

const cairn = (...args: readonly string[]): Promise<Ended> => cairnAt(server, ...args);

beforeAll(async () => {
  server = await localCairn();
  const body = JSON.stringify({ text: "# Vault\n\nThe code of the vault is 4711.", uri: "vault.md" });
  await fetch(`${server.url}/v1/documents`, { method: "POST", headers: { "content-type": "application/json" }, body });
  await cairn("status");
});
afterAll(() => server.stop());

const ask = async () => JSON.parse((await cairn("ask", "What is the code of the vault?", "--json")).stdout);

test("a document is withdrawn, its answers are told, and it is lifted again", async () => {
  let answer = await ask();
  while (answer.outcome === "no_evidence") answer = await ask();
  const id = answer.lineage.sources[0].document_id;
  const withdrawn = await cairn("recall", "document", id, "--reason", "The code has changed");
  expect(withdrawn).toMatchObject({ code: 0 });
  expect(withdrawn.stdout).toMatch(/Past answers that rest on it: 1 \(1 cited\), in 1 conversations of 1 people\./);
  const withdrawal = /^Withdrawal (\S+)$/m.exec(withdrawn.stdout)![1]!;
  expect((await ask()).outcome).toBe("no_evidence");

  expect((await cairn("recall", "list", "--active")).stdout).toContain(`${withdrawal}  active  document  ${id}`);
  const impact = await cairn("recall", "impact", withdrawal);
  expect(impact.stdout).toContain(answer.lineage.id);
  const csv = await cairn("recall", "impact", withdrawal, "--csv", "--by", "conversation");
  expect(csv.stdout).toMatch(/^conversation_id,tenant,subject,answers,use,last_answer_at\r?\n/);
  expect(csv.stdout).toContain(`${answer.lineage.conversation_id},local,admin,1,cited,`);
  const json = JSON.parse((await cairn("recall", "impact", withdrawal, "--json")).stdout);
  expect(json).toMatchObject({ totals: { answers: 1 }, answers: [{ answer_id: answer.lineage.id, use: "cited" }] });

  expect((await cairn("recall", "lift", withdrawal, "--reason", "It is right")).stdout).toContain("Lifted");
  expect((await ask()).outcome).toBe("answered");
});

test("a replay says what came out the same and what did not", async () => {
  const answer = await ask();
  const same = await cairn("replay", answer.lineage.id);
  expect(same).toMatchObject({ code: 0 });
  expect(same.stdout).toMatch(/^Replay of \S+ \(generation\): exact$/m);
  // Its place in the log comes a moment after the answer.
  await until("it is L4", async () => /^Checked: level L4$/m.test((await cairn("lineage", answer.lineage.id)).stdout));
  expect(same.stdout).toMatch(/^Retrieval: exact\n.*\n\nPrompt: exact\n\nAnswer: exact$/m);
  const body = JSON.stringify({ text: "# Vault\n\nThe code of the vault is 9999.", uri: "vault.md" });
  await fetch(`${server.url}/v1/documents`, { method: "POST", headers: { "content-type": "application/json" }, body });
  let changed = same;
  // The new version is visible a moment before the old one's passages are gone.
  await until("the new version is told", async () => {
    changed = await cairn("replay", answer.lineage.id, "--mode", "prompt");
    return changed.stdout.includes("has a new version; the version of then is not current");
  });
  expect(changed.code).toBe(4);
  expect(changed.stdout).toContain("Vault (");
  expect(changed.stdout).toContain("  - The code of the vault is 4711.\n  + The code of the vault is 9999.");
});

test("the lineage of an answer is shown so that a person understands it, with what was checked and what was not", async () => {
  const answer = await ask();
  const shown = await cairn("lineage", answer.lineage.id);
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.stdout).toMatch(/^ {2}\[1\] Vault \(vault\.md\): cited, current\n {6}document \S+, version \S+$/m);
  expect(shown.stdout).toMatch(/^ {2}model {4}cairn-extractive at extractive sha256:\S+: measured, and nothing/m);
  expect(shown.stdout).toMatch(/^Checked: level L[23]\n {2}✓ format/m);
  expect(shown.stdout).toContain("Not proven by any of this: that the answer is true");
  const prov = JSON.parse((await cairn("lineage", answer.lineage.id, "--prov")).stdout);
  expect(prov["@graph"][0]["@id"]).toBe(`answer:${answer.lineage.id}`);
});

test("releases are listed, and a bill of materials is printed", async () => {
  const listed = await cairn("release");
  const [, digest] = /^(sha256:[0-9a-f]{64}) {2}default {2}since 20\S+ {2}in use$/m.exec(listed.stdout)!;
  const bom = JSON.parse((await cairn("release", "bom")).stdout);
  expect(bom).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { name: "cairn-release-default" } } });
  const named = JSON.parse((await cairn("release", "bom", digest!.slice(7, 19))).stdout);
  expect(named.serialNumber).toBe(bom.serialNumber);
});

test("a document is erased for good, and its receipt can be kept", async () => {
  const answer = await ask();
  const id = answer.lineage.sources[0].document_id;
  const unsure = await cairn("erase", id, "--reason", "A request");
  expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining("cannot be brought back") });
  const erased = await cairn("erase", id, "--reason", "A request", "--yes");
  expect(erased.stdout).toMatch(/^Erased: 2 versions, the texts of \d+ answers and of \d+ messages\.$/m);
  const erasure = /erase receipt (\S+)$/m.exec(erased.stdout)![1]!;
  const receipt = JSON.parse((await cairn("erase", "receipt", erasure)).stdout);
  expect(receipt).toMatchObject({ payloadType: "application/vnd.in-toto+json", signatures: [{}] });
  expect((await cairn("erase", "list")).stdout).toContain(`${erasure}  done  ${id}`);
  expect((await ask()).outcome).toBe("no_evidence");
});

test.for([
  [["lineage"], /Which answer/],
  [["release", "bomb"], /There is no "release bomb"/],
  [["release", "bom", "x"], /is not the digest/],
  [["erase"], /Which document/],
  [["erase", "x", "--yes"], /--reason/],
  [["erase", "list", "--yes"], /--yes belongs/],
  [["replay"], /Which answer/],
  [["replay", "x", "--mode", "everything"], /There is no mode/],
  [["replay", "x", "--release", "y"], /belongs to --mode what-if/],
  [["recall"], /kind and an id/],
  [["recall", "documnt", "x", "--reason", "r"], /Did you mean "document"/],
  [["recall", "document", "x"], /--reason/],
  [["recall", "document", "--reason", "r"], /Give one id/],
  [["recall", "list", "--csv"], /--csv does not belong/],
  [["recall", "lift", "x"], /--reason/],
] as const)("a wrong call says what is missing: %j", async ([args, message]) => {
  const ended = await cairn(...args);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(message);
});
