import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { commitment } from "#shared/digest.ts";
import { preAuthEncoding } from "#shared/lineage/dsse.ts";

test("the signed bytes are those of DSSE's published example", () => {
  const encoded = preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world"));
  expect(Buffer.from(encoded).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("lengths are counted in bytes, not in characters", () => {
  expect(Buffer.from(preAuthEncoding("ä", Buffer.from("中文"))).toString()).toBe("DSSEv1 2 ä 6 中文");
});

test("a commitment is the hash of salt and content, as documented", () => {
  const content = "Der Vertrag endet am 31.12. [1]";
  expect(commitment("01".repeat(16), content)).toBe("bd4bc83fd55f25f397e35acf225ac349d557a23d6238cc1375ccf4bd13e0af8a");
  const opening = Buffer.concat([Buffer.alloc(16, 1), Buffer.from(content)]);
  expect(createHash("sha256").update(opening).digest("hex")).toBe(commitment("01".repeat(16), content));
});
