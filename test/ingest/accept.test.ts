import { afterEach, beforeEach, expect, test } from "vitest";
import { LOCAL_ADMIN } from "#shared/identity.ts";
import { acceptDocument, type NewDocument, PRIORITY } from "../../ingest/accept.ts";
import { deleteDocument } from "../../ingest/documents.ts";
import { openRig, type Rig } from "../helpers/ingest-rig.ts";

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
const actions = async () =>
  (await rig.db.all<{ action: string }>("select action from audit order by at, id")).map(({ action }) => action);
const indexDown = { refile: () => Promise.reject(new Error("The index is down")) };

test("an ACL changed by sending the same bytes again reaches the index although it was down at that moment", async () => {
  const { versionId } = await accept("One\n\nText.", { acl: ["user:ann"] });
  await rig.work();
  const again = await acceptDocument({ ...rig.store, index: indexDown }, input("One\n\nText.", { acl: ["tenant"] }));
  expect(again).toMatchObject({ unchanged: true, versionId });
  await rig.work();
  expect(rig.held.get(versionId)!.filing.acl).toEqual(["tenant"]);
  expect(await actions()).toContain("document.patch");
});

test("an ACL that comes with a new version reaches the old one too, while the new one cannot be read", async () => {
  const { versionId } = await accept("One\n\nText.", { acl: ["tenant"] });
  await rig.work();
  await acceptDocument({ ...rig.store, index: indexDown }, input("UNREADABLE", { acl: ["user:ann"] }));
  await rig.work();
  expect(rig.held.get(versionId)!.filing.acl).toEqual(["user:ann"]);
  expect(await actions()).toContain("document.patch");
});

test("sending the same bytes again without a title or an ACL leaves no trace", async () => {
  await accept("One\n\nText.");
  await rig.work();
  await accept("One\n\nText.");
  expect(await rig.db.all("select kind from job where kind = 'refile'")).toEqual([]);
  expect(await actions()).toEqual(["document.accept"]);
});

test("a deleted document that comes back is as open as a new one, unless its upload says otherwise", async () => {
  const aclOf = async (id: string) =>
    JSON.parse((await rig.db.get<{ acl: string }>("select acl from document where id = $1", [id]))!.acl);
  const { documentId } = await accept("One\n\nText.", { acl: ["user:ann"] });
  await deleteDocument(rig.store, LOCAL_ADMIN, documentId);
  await accept("Two\n\nText.");
  expect(await aclOf(documentId)).toEqual(["tenant"]);
  await deleteDocument(rig.store, LOCAL_ADMIN, documentId);
  await accept("Three\n\nText.", { acl: ["user:bob"] });
  expect(await aclOf(documentId)).toEqual(["user:bob"]);
});
