import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { canonicalJson, sha256 } from "#shared/digest.ts";
import { watchWeights } from "../../services/gateway/upstreams/weights.ts";

const folder = mkdtempSync(join(tmpdir(), "weights-"));
const file = join(folder, "tiny.gguf");
writeFileSync(file, "weights");
const model = join(folder, "model");
mkdirSync(join(model, "sub"), { recursive: true });
writeFileSync(join(model, "config.json"), "{}");
writeFileSync(join(model, "sub/weights.bin"), "weights");
afterAll(() => rmSync(folder, { recursive: true }));

const listing =
  (...data: object[]) =>
  async () => ({ data });

test("a file is its digest, a folder that of its manifest", async () => {
  const one = watchWeights(file, listing({ id: file }));
  await vi.waitFor(() => expect(one.identity).toEqual({ digest: sha256("weights"), assurance: "attested" }));
  const many = watchWeights(model, listing({ id: "served-name", root: model }));
  const manifest = canonicalJson({ "config.json": sha256("{}"), "sub/weights.bin": sha256("weights") });
  await vi.waitFor(() => expect(many.identity).toEqual({ digest: sha256(manifest), assurance: "attested" }));
});

test("weights that the server does not name are observed only", async () => {
  for (const server of [
    listing({ id: "other" }),
    listing(),
    async () => undefined,
    () => Promise.reject(new Error()),
  ]) {
    const one = watchWeights(file, server);
    await vi.waitFor(() => expect(one.identity).toEqual({ digest: sha256("weights"), assurance: "observed" }));
    one.stop();
  }
});

test("weights that cannot be read have no digest", async () => {
  const one = watchWeights(join(folder, "nothing"), listing({ id: "nothing" }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(one.identity).toBeUndefined();
});
