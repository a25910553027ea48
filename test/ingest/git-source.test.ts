import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listGit } from "../../ingest/sources/git/git.ts";
import { linkToFile } from "../../ingest/sources/git/link-to-file.ts";
import { readBlobs } from "../../ingest/sources/git/read-blobs.ts";
import { startGit } from "../../ingest/sources/git/run-git.ts";
import { openSource } from "../../ingest/sources/sources.ts";
import { syncSource } from "../../ingest/sources/sync-source.ts";
import { gitRepository } from "../helpers/git-repository.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

let rig: Rig;
let repository: ReturnType<typeof gitRepository>;
beforeEach(async () => {
  rig = await openRig();
  repository = gitRepository();
});
afterEach(async () => {
  await rig.close();
  repository.remove();
});

const LOCATION = { tenant: "local", subject: "admin", collection: "default" } as const;
async function sync(location = repository.path, dryRun = false) {
  const source = await openSource(rig.store, { ...LOCATION, kind: "git", location, acl: ["group:staff"] });
  return syncSource(rig.store, source, listGit(rig.db, source), { dryRun });
}
const live = async (): Promise<string[]> =>
  (await rig.db.all<{ uri: string }>("select uri from document where deleted_at is null order by uri")).map(
    ({ uri }) => uri,
  );
const latest = (uri: string) =>
  rig.db.get<{ revision: string; link: string | null; digest: string }>(
    `select v.revision, v.link, v.digest from document_version v join document d on d.id = v.document_id
     where d.uri = $1 order by v.seq desc limit 1`,
    [uri],
  );

test("what is committed is taken in, with the commit and an address of each file at it", async () => {
  const commit = repository.commit({ "a.md": "A", "guide/b & c.md": "B", ".github/x.md": "no", "logo.png": "no" });
  repository.publish("git@github.com:team/handbook.git");
  repository.write("untracked.md", "not committed");
  repository.write("a.md", "changed and not committed");
  expect(await sync()).toEqual({ added: 2, changed: 0, removed: 0, unchanged: 0, skipped: [], revision: commit });
  expect(await live()).toEqual(["git:handbook/a.md", "git:handbook/guide/b & c.md"]);
  expect(await latest("git:handbook/guide/b & c.md")).toMatchObject({
    revision: commit,
    link: `https://github.com/team/handbook/blob/${commit}/guide/b%20%26%20c.md`,
  });
  expect(await rig.db.all("select acl from document")).toEqual(Array(2).fill({ acl: '["group:staff"]' }));
});

test("a second sync reads only what a later commit changed, and deletes what it deleted", async () => {
  const first = repository.commit({ "a.md": "A", "b.md": "B", "c.md": "C" });
  await sync();
  expect(await sync()).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 3 });
  rmSync(join(repository.path, "c.md"));
  const second = repository.commit({ "b.md": "other" });
  expect(await sync()).toMatchObject({ changed: 1, removed: 1, unchanged: 1, revision: second });
  expect((await latest("git:handbook/a.md"))?.revision).toBe(first);
  expect((await latest("git:handbook/b.md"))?.revision).toBe(second);
});

test("a dry run tells what would be done and leaves no trace", async () => {
  repository.commit({ "a.md": "A", "b.md": "B" });
  await sync();
  rmSync(join(repository.path, "a.md"));
  repository.commit({ "b.md": "other", "c.md": "C" });
  const before = await rig.db.all("select * from document");
  const plan = { added: ["git:handbook/c.md"], changed: ["git:handbook/b.md"], removed: ["git:handbook/a.md"] };
  expect(await sync(repository.path, true)).toMatchObject({ added: 1, changed: 1, removed: 1, plan });
  expect(await rig.db.all("select * from document")).toEqual(before);
  expect(await rig.db.get("select count(*) as count from audit where action = 'source.sync'")).toEqual({ count: 1 });
});

test("a folder inside the tree is a source of its own, with links from the root", async () => {
  const commit = repository.commit({ "docs/a.md": "A", "src/b.md": "B" });
  repository.publish("https://user:secret@gitlab.com/group/sub/project.git");
  expect(await sync(join(repository.path, "docs"))).toMatchObject({ added: 1 });
  expect(await live()).toEqual(["git:docs/a.md"]);
  expect((await latest("git:docs/a.md"))?.link).toBe(`https://gitlab.com/group/sub/project/-/blob/${commit}/docs/a.md`);
});

test("a commit that was not pushed has no address", async () => {
  repository.commit({ "a.md": "A" });
  repository.publish("https://github.com/team/handbook");
  repository.commit({ "b.md": "B" });
  await sync();
  expect((await latest("git:handbook/b.md"))?.link).toBeNull();
});

test("links, submodules, pointers of LFS, empty files and what .cairnignore leaves out are no documents", async () => {
  symlinkSync("/etc/passwd", join(repository.path, "link.md"));
  mkdirSync(join(repository.path, "drafts"));
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`;
  repository.commit({ "a.md": "A", "drafts/.cairnignore": "", "drafts/d.md": "D", "big.md": pointer, "empty.md": "" });
  const report = await sync();
  expect(report).toMatchObject({ added: 1 });
  expect(report.skipped.map(({ path }) => path).sort()).toEqual(["big.md", "empty.md"]);
  expect(await live()).toEqual(["git:handbook/a.md"]);
});

test("what cannot be read as a repository is told in a sentence, and nothing is deleted", async () => {
  await expect(sync(rig.folder)).rejects.toThrow("not in the working tree of a Git repository");
  await expect(sync()).rejects.toThrow("no commit yet");
  repository.commit({ "a.md": "A" });
  await sync();
  rmSync(join(repository.path, ".git"), { recursive: true });
  await expect(sync()).rejects.toThrow("not in the working tree");
  expect(await live()).toEqual(["git:handbook/a.md"]);
});

test("the files of a commit are read by one process, byte for byte, also while others are asked for", async () => {
  const blobs = Array.from({ length: 60 }, (_, i) => Buffer.alloc(i === 7 ? 3_000_000 : i * 37, `${i}\n\0é`));
  for (const [i, blob] of blobs.entries()) writeFileSync(join(repository.path, `${1000 + i}.bin`), blob);
  repository.commit({});
  const ids = repository.git("ls-tree", "--object-only", "HEAD").split("\n");
  let started = 0;
  const read = readBlobs(repository.path, (...args) => {
    started += 1;
    return startGit(...args);
  });
  const found = await Promise.all(ids.map((id) => read(id)));
  expect(found.every((bytes, i) => Buffer.compare(bytes, blobs[i]!) === 0)).toBe(true);
  expect(Buffer.from(await read(ids[3]!))).toEqual(blobs[3]);
  expect(started).toBe(1);
  await expect(read("0".repeat(40))).rejects.toMatchObject({ code: "unavailable" });
  expect(Buffer.from(await read(ids[4]!))).toEqual(blobs[4]);
});

test("a reading of blobs that is stopped ends its process, and the next one begins anew", async () => {
  repository.commit({ "a.md": "A" });
  const id = repository.git("rev-parse", "HEAD:a.md");
  const children: { exitCode: number | null; signalCode: string | null }[] = [];
  const read = readBlobs(repository.path, (...args) => {
    const child = startGit(...args);
    children.push(child);
    return child;
  });
  const stopping = new AbortController();
  const reading = read(id, stopping.signal);
  stopping.abort(new Error("stopped"));
  await expect(reading).rejects.toThrow("stopped");
  expect(Buffer.from(await read(id)).toString()).toBe("A");
  await expect.poll(() => children.map(({ signalCode, exitCode }) => signalCode ?? exitCode)).toEqual(["SIGKILL", 0]);
  await expect(readBlobs(rig.folder)(id)).rejects.toThrow("not in the working tree of a Git repository");
});

test("a repository's own configuration runs no command", async () => {
  repository.commit({ "a.md": "A" });
  const trap = join(repository.path, "trapped");
  for (const name of ["core.fsmonitor", "core.sshCommand", "core.pager", "core.editor"])
    repository.git("config", name, `touch ${trap}`);
  repository.git("config", "extensions.partialClone", "origin");
  repository.git("config", "remote.origin.url", `ext::sh -c touch% ${trap}`);
  repository.git("config", "protocol.ext.allow", "always");
  expect(await sync()).toMatchObject({ added: 1 });
  await expect(sync(trap)).rejects.toThrow("does not exist");
});

test("addresses are made for known hosts alone, whatever a remote is called", () => {
  expect(linkToFile("ssh://git@bitbucket.org/team/docs.git", "abc")?.("a/b.md")).toBe(
    "https://bitbucket.org/team/docs/src/abc/a/b.md",
  );
  for (const remote of [
    "",
    "/srv/repo.git",
    "https://git.internal/team/docs",
    "file:///srv/x",
    "git@github.com:",
    "https://github.com/one",
  ])
    expect(linkToFile(remote, "abc"), remote).toBeUndefined();
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.webUrl({ withFragments: true, withQueryParameters: true })),
      fc.string(),
      (remote, path) => {
        const link = linkToFile(remote, "abc")?.(path.toWellFormed());
        if (link !== undefined)
          expect(new URL(link)).toMatchObject({ protocol: "https:", username: "", search: "", hash: "" });
      },
    ),
  );
});
