import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bundle } from "#shared/lineage/bundle.ts";
import { loggedBundle } from "../helpers/lineage-bundle.ts";
import { type LocalApp, openLocal } from "../helpers/local.ts";
import { failuresOf } from "../helpers/verifiers.ts";

const FLIPS = 1000;
const SLOW_MACHINE_MS = 180_000;
/** Which property may fail first where a byte of this part of the file is another one. */
const REASONS: Readonly<Record<keyof Bundle, readonly string[]>> = {
  format: ["format"],
  openings: ["format", "answer"],
  tag: ["format", "digest", "tag"],
  envelope: ["format", "signature", "key"],
  keys: ["format", "signature", "key"],
  log: ["format", "checkpoint", "inclusion"],
};

let app: LocalApp;
let bundle: Bundle;
beforeAll(async () => {
  app = await openLocal({
    files: { "ports.md": "# Ports\n\nThe gateway listens on port 8081.\n网关的端口是 8081。\n" },
  });
  for (let i = 0; i < 5; i++) await app.ask("Which port does the gateway listen on?");
  await app.send("/v1/signing-keys", {});
  const { lineage } = await app.ask("网关的端口是多少？");
  bundle = await loggedBundle(app, lineage.id);
});
afterAll(() => app.close());

test(
  "of 1,000 flipped bytes each is found, by the property that it belongs to, in both verifiers",
  async () => {
    const bytes = Buffer.from(JSON.stringify(bundle));
    const sections = sectionsOf(bundle);
    expect(sections.at(-1)!.end).toBe(bytes.length - 1);
    expect(await failuresOf(bytes.toString())).toEqual([]);
    const flip = fc.record({ at: fc.nat(bytes.length - 1), bits: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, bits }) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= bits;
        const section = sections.find(({ start, end }) => at >= start && at < end);
        const [first] = await failuresOf(changed.toString());
        expect(section ? REASONS[section.name] : ["format"]).toContain(first);
      }),
      { numRuns: FLIPS },
    );
  },
  SLOW_MACHINE_MS,
);

test(
  "of 1,000 flipped bits of the signed payload each breaks the signature",
  async () => {
    const payload = Buffer.from(bundle.envelope.payload, "base64");
    await fc.assert(
      fc.asyncProperty(fc.nat(payload.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(payload);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const envelope = { ...bundle.envelope, payload: changed.toString("base64") };
        const failed = await failuresOf(JSON.stringify({ ...bundle, envelope }));
        expect(failed.slice(0, 1)).toEqual(["signature"]);
        expect(failed).toContain("digest");
      }),
      { numRuns: FLIPS },
    );
  },
  SLOW_MACHINE_MS,
);

/** Where each part of the file lies, in bytes: `"name":value`. */
function sectionsOf(file: Bundle): { name: keyof Bundle; start: number; end: number }[] {
  let at = 1;
  return (Object.keys(file) as (keyof Bundle)[]).map((name) => {
    const start = at;
    const end = start + Buffer.byteLength(`"${name}":${JSON.stringify(file[name])}`);
    at = end + 1;
    return { name, start, end };
  });
}
