import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { answerStatementSchema } from "#shared/lineage/answer-statement.ts";
import { bundleSchema } from "#shared/lineage/bundle.ts";
import { tagSchema } from "#shared/lineage/tag-schema.ts";
import { validatorOf } from "../../helpers/check-records.ts";

const SCHEMAS = { "answer-v1": answerStatementSchema, "tag-v1": tagSchema, "bundle-v1": bundleSchema } as const;

test.each(Object.entries(SCHEMAS))(
  "the JSON Schema %s in the repository is the one that the code checks by",
  (name, schema) => {
    const path = new URL(`../../../services/shared/lineage/schemas/${name}.schema.json`, import.meta.url);
    const made = JSON.stringify({ $id: `urn:cairn:lineage:schema:${name}`, ...z.toJSONSchema(schema) });
    // To write them anew after a change: UPDATE_SCHEMAS=1 npm test test/shared/lineage/schemas.test.ts && npm run format
    if (process.env.UPDATE_SCHEMAS) writeFileSync(path, made);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(made));
  },
);

test("a stranger's validator refuses what is no tag", () => {
  const isTag = validatorOf("tag-v1");
  expect(isTag({})).toBe(false);
  expect(isTag({ id: "x", score: 0.5 })).toBe(false);
});
