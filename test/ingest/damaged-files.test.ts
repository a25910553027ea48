import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "#shared/errors.ts";
import { FORMAT_TABLE } from "#shared/formats.ts";
import { openParser, type Parser } from "../../ingest/parse/parse-process.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/formats");
const CUTS = 50;
const FLIPS = 25;
/** Of one file, on a machine that has other things to do. */
const timeout = 240_000;

const samples = readdirSync(FOLDER);
const REASONS = ["unreadable_document", "too_large", "unsupported_media_type", "needs_ocr"];

let parser: Parser;
beforeAll(() => {
  // A parser that hangs is found all the same; a busy machine is no reason to fail.
  parser = openParser({ timeoutMs: 60_000 });
});
afterAll(() => parser.close());

/** Text, or a reason that its sender understands; anything else fails the test: a bug, a crash, a parser that hangs. */
async function survives(bytes: Uint8Array, name: string): Promise<"read" | "refused"> {
  try {
    const { parsed } = await parser.parse({ bytes, name }, AbortSignal.timeout(timeout));
    expect(parsed.text.trim()).not.toBe("");
    return "read";
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(REASONS).toContain(error.code);
    expect(error.message).toMatch(/^(This|Supported) .{10,500}\.$/s);
    expect(error.message).not.toMatch(/longer than \d+ s|too much memory|undefined|\bat \w+ \(|Error/);
    return "refused";
  }
}

describe.each(samples)("%s", (name) => {
  const whole = readFileSync(join(FOLDER, name));

  it("survives its end being cut off anywhere", { timeout }, async () => {
    const lengths = Array.from({ length: CUTS }, (_, i) => Math.floor((whole.length * i) / CUTS));
    await Promise.all(lengths.map((length) => survives(whole.subarray(0, length), name)));
  });

  it("survives changed bytes", { timeout }, async () => {
    const flip = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 12 }), async (flips) => {
        const changed = Uint8Array.from(whole);
        for (const [at, mask] of flips) changed[at]! ^= mask;
        await survives(changed, name);
      }),
      { numRuns: FLIPS },
    );
  });

  it("survives a wrong extension", { timeout }, async () => {
    for (const { extensions } of FORMAT_TABLE) await survives(whole, `renamed${extensions[0]}`);
  });
});

it("every format has a sample here", () => {
  for (const { format, extensions } of FORMAT_TABLE) {
    expect(
      samples.some((name) => extensions.some((extension) => name.endsWith(extension))),
      format,
    ).toBe(true);
  }
});
