import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { folderBlobs } from "#shared/folder-blobs.ts";
import { s3Blobs } from "#shared/s3-blobs.ts";
import { startS3 } from "../helpers/s3-server.ts";
import { blobsContract } from "./blobs.ts";

const home = mkdtempSync(join(tmpdir(), "cairn-blobs-"));
const s3 = await startS3();
let count = 0;
const open = (prefix = `/p${count++}`) => s3Blobs({ ...s3.settings, location: `s3://bucket${prefix}` });
afterAll(async () => {
  await s3.stop();
  rmSync(home, { recursive: true });
});

blobsContract("a folder", async () => folderBlobs(join(home, String(count++))));
blobsContract("S3", async () => open());

test("installations with different prefixes in one bucket do not see each other", async () => {
  const [one, other] = [open("/one/deep"), open("/one/deeper")];
  await one.put("t/v/text", new Uint8Array([1]));
  expect(await Array.fromAsync(other.keys())).toEqual([]);
  await other.remove("t");
  expect(await one.get("t/v/text")).toHaveLength(1);
});

test("a store that fails for a moment is not noticed; one that stays away is unavailable", async () => {
  const blobs = open();
  s3.fail(2);
  await blobs.put("t/v/text", new Uint8Array([1]));
  s3.fail(100);
  await expect(blobs.get("t/v/text")).rejects.toMatchObject({ code: "unavailable", retryable: true });
  s3.fail(0);
  expect(await blobs.get("t/v/text")).toHaveLength(1);
});

test("damaged bytes are never taken for the document", async () => {
  const blobs = open("/damaged");
  await blobs.put("t/v/text", new Uint8Array([1, 2, 3]));
  s3.objects.get("bucket/damaged/t/v/text")!.bytes[0] = 9;
  await expect(blobs.get("t/v/text")).rejects.toThrow(/damaged/);
});

test("a wrong secret is told, without it", async () => {
  const blobs = s3Blobs({ ...s3.settings, secretAccessKey: "wrong-secret", location: "s3://bucket" });
  const refused = blobs.put("t/v/text", new Uint8Array([1]));
  await expect(refused).rejects.toThrow(/403 SignatureDoesNotMatch/);
  await expect(refused).rejects.toThrow(expect.not.stringContaining("wrong-secret"));
});
