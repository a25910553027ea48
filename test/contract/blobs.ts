import { describe, expect, test } from "vitest";
import type { Blobs } from "#shared/blobs.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = async (blobs: Blobs, key: string): Promise<string> => new TextDecoder().decode(await blobs.get(key));

/** What every store behind `Blobs` must do. `open` gives a new, empty one. */
export function blobsContract(name: string, open: () => Promise<Blobs>): void {
  describe(name, () => {
    test("a blob comes back as it was put, and as it was put last", async () => {
      const blobs = await open();
      const content = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
      await blobs.put("t/v1/original", content);
      expect(new Uint8Array(await blobs.get("t/v1/original"))).toEqual(content);
      await blobs.put("t/v1/original", new Uint8Array());
      expect(await blobs.get("t/v1/original")).toHaveLength(0);
    });

    test("what is absent is not found", async () => {
      const blobs = await open();
      await expect(blobs.get("t/v1/original")).rejects.toMatchObject({ code: "not_found" });
      await blobs.remove("t/v1");
    });

    test("removing takes what is below a key and nothing that only begins like it", async () => {
      const blobs = await open();
      for (const key of ["t/v1/original", "t/v1/text", "t/v10/text", "u/v1/text"]) await blobs.put(key, bytes(key));
      await blobs.remove("t/v1");
      expect((await Array.fromAsync(blobs.keys())).sort()).toEqual(["t/v10/text", "u/v1/text"]);
      await blobs.remove("t/v10/text");
      expect(await Array.fromAsync(blobs.keys())).toEqual(["u/v1/text"]);
      expect(await textOf(blobs, "u/v1/text")).toBe("u/v1/text");
    });

    test("a key that would lead elsewhere is refused", async () => {
      const blobs = await open();
      for (const key of ["../outside", "a//b", "a/./b", "/a", "", "a b", "a?x"]) {
        await expect(blobs.put(key, bytes("x"))).rejects.toThrow("Not a blob key");
      }
    });

    test("more keys than one page holds are all listed, and all removed", async () => {
      const blobs = await open();
      const keys = Array.from({ length: 25 }, (_, i) => `t/many/${i}`);
      await Promise.all(keys.map((key) => blobs.put(key, bytes(key))));
      expect((await Array.fromAsync(blobs.keys())).sort()).toEqual(keys.sort());
      await blobs.remove("t/many");
      expect(await Array.fromAsync(blobs.keys())).toEqual([]);
    });
  });
}
