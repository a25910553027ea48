import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { digestOfJson } from "#shared/digest.ts";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { createQueue } from "#shared/queue.ts";
import { acceptDocument, type NewDocument, PRIORITY } from "../../ingest/accept.ts";
import { textOf } from "../../ingest/document-row.ts";
import { deleteDocument, patchDocument, versionsOf } from "../../ingest/documents.ts";
import { ingestBatch, type PipelineDeps } from "../../ingest/pipeline.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";
import { paragraphParse } from "../helpers/paragraph-parse.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

const input = (text: string, more: Partial<NewDocument> = {}): NewDocument => ({
  tenant: "local",
  subject: "admin",
  collection: "default",
  uri: "upload:///a.md",
  fileName: "a.md",
  mediaType: "text/markdown",
  bytes: new TextEncoder().encode(text),
  priority: PRIORITY.upload,
  ...more,
});
const accept = (text: string, more: Partial<NewDocument> = {}) => acceptDocument(rig.store, input(text, more));
const documentOf = (id: string) =>
  rig.db.get<{ current_version: string | null; title: string }>("select * from document where id = $1", [id]);
const jobOf = (id: string) =>
  rig.db.get<{ state: string; code: string | null; reason: string | null; attempts: number }>(
    "select * from job where id = $1",
    [id],
  );

/** Leases what is ready and works on it with steps of the pipeline replaced. */
async function workWith(overrides: Partial<PipelineDeps>) {
  const queue = createQueue(rig.db);
  const jobs = await queue.lease(32);
  const deps = { ...rig.store, index: rig.index, queue, parse: paragraphParse, ...overrides };
  return ingestBatch(deps, jobs, async () => {}, new AbortController().signal);
}

describe("a document's way", () => {
  test("an accepted document becomes searchable with its text stored and its event logged", async () => {
    const { documentId, versionId } = await accept("Handbook\n\nTea is served at four.");
    await rig.work();
    expect(await documentOf(documentId)).toMatchObject({ current_version: versionId, title: "Handbook" });
    const chunks = rig.held.get(versionId)!.chunks;
    expect(chunks.map(({ text, start, end }) => [text, start, end])).toEqual([
      ["Handbook", 0, 8],
      ["Tea is served at four.", 10, 32],
    ]);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(2);
    const text = await rig.blobs.get(textOf("local", versionId));
    const version = await rig.db.get<{ salt: string; text_commitment: string }>(
      "select * from document_version where id = $1",
      [versionId],
    );
    const commitment = createHash("sha256").update(Buffer.from(version!.salt, "hex")).update(text).digest("hex");
    expect(version!.text_commitment).toBe(commitment);
    expect(await rig.db.all("select kind, commitment from ingestion_event")).toEqual([{ kind: "upsert", commitment }]);
  });

  test("everything that happens to a document leaves a leaf in the log, of which the event is the opening", async () => {
    const { documentId, versionId } = await accept("# A\n\nText.");
    await rig.work();
    await deleteDocument(rig.store, LOCAL_ADMIN, documentId);
    const events = await rig.db.all<{ kind: string; version_id: string; commitment: string | null; at: number }>(
      "select kind, document_id, version_id, commitment, at from ingestion_event order by at, kind desc",
    );
    expect(events.map(({ kind, version_id }) => [kind, version_id])).toEqual([
      ["upsert", versionId],
      ["delete", versionId],
    ]);
    const leaves = await rig.db.all<{ kind: string; digest: string }>("select kind, digest from log_leaf");
    expect(leaves).toHaveLength(2);
    for (const event of events) expect(leaves).toContainEqual({ kind: event.kind, digest: digestOfJson(event) });
  });

  test("a new version replaces the old one in the index and keeps the old text for earlier citations", async () => {
    const first = await accept("One\n\nOld.");
    await rig.work();
    const second = await accept("One\n\nNew.");
    expect(second.documentId).toBe(first.documentId);
    await rig.work();
    expect([...rig.held.keys()]).toEqual([second.versionId]);
    expect(new TextDecoder().decode(await rig.blobs.get(textOf("local", first.versionId)))).toContain("Old.");
    const versions = await versionsOf(rig.db, first.documentId);
    expect(versions.map(({ id, retired_at }) => [id, retired_at !== null])).toEqual([
      [second.versionId, false],
      [first.versionId, true],
    ]);
  });

  test("two versions accepted before any work end as the newer one, whatever the order of work", async () => {
    const first = await accept("One\n\nOld.");
    const second = await accept("One\n\nNew.");
    await rig.db.run("update job set priority = 9 where id = $1", [first.jobId]);
    const queue = createQueue(rig.db);
    const deps = { ...rig.store, index: rig.index, queue, parse: paragraphParse };
    for (let i = 0; i < 2; i++)
      await ingestBatch(deps, await queue.lease(1), async () => {}, new AbortController().signal);
    expect((await documentOf(first.documentId))!.current_version).toBe(second.versionId);
    expect([...rig.held.keys()]).toEqual([second.versionId]);
  });

  test("an unreadable new version leaves the old one visible and its job dead with a reason", async () => {
    const first = await accept("One\n\nOld.");
    await rig.work();
    const second = await accept("UNREADABLE");
    await rig.work();
    expect(await jobOf(second.jobId)).toMatchObject({
      state: "dead",
      code: "unreadable_document",
      reason: "This file is damaged.",
      attempts: 1,
    });
    expect((await documentOf(first.documentId))!.current_version).toBe(first.versionId);
    expect([...rig.held.keys()]).toEqual([first.versionId]);
    expect((await accept("UNREADABLE")).unchanged).toBe(false);
  });

  test("an unexpected failure is tried again later and its message does not reach the job", async () => {
    const { jobId } = await accept("BROKEN");
    const { worker, progress } = rig.startWorker();
    await vi.waitFor(async () => expect(await jobOf(jobId)).toMatchObject({ state: "ready", attempts: 1 }));
    await worker.stop();
    expect(await jobOf(jobId)).toMatchObject({ code: "internal", reason: expect.not.stringContaining("broke") });
    expect(progress.at(-1)).toEqual({ done: 0, failed: 0, left: 1 });
  });

  test("a job that fails at every attempt ends as a dead letter after five", async () => {
    const { jobId } = await accept("BROKEN");
    const { worker, progress } = rig.startWorker();
    const due = setInterval(() => rig.db.run("update job set run_at = 0 where state = 'ready'"), 20);
    await worker.idle();
    clearInterval(due);
    await worker.stop();
    expect(await jobOf(jobId)).toMatchObject({ state: "dead", attempts: 5 });
    expect(progress.at(-1)).toEqual({ done: 0, failed: 1, left: 0 });
  });

  test("one version that the index refuses does not stop the others of its batch", async () => {
    const bad = await accept("Bad\n\nText.");
    const good = await accept("Good\n\nText.", { uri: "upload:///b.md" });
    const writeAll: PipelineDeps["index"]["writeAll"] = async (batch) => {
      if (batch.some(({ versionId }) => versionId === bad.versionId)) throw new Error("The index refuses");
      return rig.index.writeAll(batch);
    };
    const { done, failed } = await workWith({ index: { ...rig.index, writeAll } });
    expect(done.map(({ id }) => id)).toEqual([good.jobId]);
    expect(failed.map(({ job }) => job.id)).toEqual([bad.jobId]);
  });

  test("an ACL reaches the index even when the process that changed it stopped before it got there", async () => {
    const { documentId, versionId } = await accept("One\n\nText.");
    await rig.work();
    const refile = (): Promise<void> => Promise.reject(new Error("killed"));
    const patched = patchDocument({ ...rig.store, index: { refile } }, LOCAL_ADMIN, documentId, { acl: ["user:ann"] });
    await expect(patched).rejects.toThrow("killed");
    await rig.work();
    expect(rig.held.get(versionId)!.filing.acl).toEqual(["user:ann"]);
  });

  test("an ACL that changes while a version is being written is the one its chunks end up with", async () => {
    const { documentId, versionId } = await accept("One\n\nText.");
    const writeAll: PipelineDeps["index"]["writeAll"] = async (batch) => {
      await patchDocument(rig.store, LOCAL_ADMIN, documentId, { acl: ["user:ann"] });
      return rig.index.writeAll(batch);
    };
    await workWith({ index: { ...rig.index, writeAll } });
    expect(rig.held.get(versionId)!.filing.acl).toEqual(["user:ann"]);
  });

  test("a document deleted while a version is being written leaves neither chunks nor bytes", async () => {
    const { documentId, versionId } = await accept("One\n\nText.");
    const writeAll: PipelineDeps["index"]["writeAll"] = async (batch) => {
      await deleteDocument(rig.store, LOCAL_ADMIN, documentId);
      return rig.index.writeAll(batch);
    };
    await workWith({ index: { ...rig.index, writeAll } });
    expect(rig.held.size).toBe(0);
    await expect(rig.blobs.get(textOf("local", versionId))).rejects.toThrow("gone");
    await rig.work();
    expect((await documentOf(documentId))!.current_version).toBeNull();
  });

  test("a worker that lost its lease changes nothing", async () => {
    const { documentId, jobId } = await accept("One\n\nText.");
    const writeAll: PipelineDeps["index"]["writeAll"] = async (batch) => {
      await rig.db.run("update job set lease_token = 'somebody else' where id = $1", [jobId]);
      return rig.index.writeAll(batch);
    };
    const { done } = await workWith({ index: { ...rig.index, writeAll } });
    expect(done).toEqual([]);
    expect((await documentOf(documentId))!.current_version).toBeNull();
    expect((await jobOf(jobId))!.state).toBe("leased");
  });

  test("a title that a person gave survives new versions, a title found in the text follows the text", async () => {
    const { documentId } = await accept("Found\n\nText.");
    await rig.work();
    await accept("Found later\n\nText.");
    await rig.work();
    expect((await documentOf(documentId))!.title).toBe("Found later");
    await patchDocument(rig.store, LOCAL_ADMIN, documentId, { title: "Mine" });
    const third = await accept("Found last\n\nText.");
    await rig.work();
    expect((await documentOf(documentId))!.title).toBe("Mine");
    expect(rig.held.get(third.versionId)!.chunks[0]!.title).toBe("Mine");
  });
});
