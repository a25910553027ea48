import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FORMAT_TABLE } from "#shared/formats.ts";

const ROOT = join(import.meta.dirname, "../..");

it.each(["en", "zh"])(
  "The handbook's table of formats (%s) names the extensions that are read, and no other",
  (language) => {
    const page = readFileSync(join(ROOT, "docs", language, "formats.md"), "utf8");
    const rows = page.split("\n").filter((line) => /^\| [^|]+ \| `\./.test(line));
    const listed = rows.map((row) => [...row.matchAll(/`(\.[a-z0-9]+)`/g)].map(([, extension]) => extension));
    expect(listed).toEqual(FORMAT_TABLE.map(({ extensions }) => extensions));
  },
);
