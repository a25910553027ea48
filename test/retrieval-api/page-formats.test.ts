import { expect, test } from "vitest";
import { FORMAT_TABLE } from "#shared/formats.ts";
import { formatNames } from "../../services/retrieval-api/page/documents/format-names.ts";

test("the page names every format that is read, in its reader's language", () => {
  for (const language of ["en", "zh"] as const) {
    for (const { name } of FORMAT_TABLE) expect(formatNames(language)).toContain(name[language]);
  }
  expect(formatNames("zh")).not.toMatch(/ and |text|code/);
});
