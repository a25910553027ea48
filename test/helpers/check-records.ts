import { verify } from "node:crypto";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { Sql } from "#shared/database.ts";
import { preAuthEncoding, STATEMENT_TYPE } from "#shared/lineage/dsse.ts";
import type { KeyRing } from "#shared/lineage/key-ring.ts";
import { publicKeyOf } from "#shared/lineage/signing-key.ts";

const SCHEMAS = new URL("../../services/shared/lineage/schemas/", import.meta.url);
// The patterns say all that the formats would.
const ajv = new Ajv.default({ strict: true, validateFormats: false, allErrors: true });

/** A validator by the JSON Schema in the repository; its errors are in `errors`. */
export function validatorOf(name: "answer-v1" | "tag-v1" | "bundle-v1") {
  const schema = JSON.parse(readFileSync(new URL(`${name}.schema.json`, SCHEMAS), "utf8")) as { $id: string };
  return ajv.getSchema(schema.$id) ?? ajv.compile(schema);
}

type Row = { record: string; signatures: string; tag: string };

/** Every record and tag of a database keeps its schema, every tag its size, and every record is signed. */
export async function checkRecords(sql: Sql, ring: KeyRing): Promise<void> {
  const rows = await sql.all<Row>(
    "select l.record, l.signatures, a.tag from lineage_record l join answer a on a.id = l.answer_id",
  );
  const [isRecord, isTag] = [validatorOf("answer-v1"), validatorOf("tag-v1")];
  const keys = new Map(ring.published().map((key) => [key.kid, publicKeyOf(key)]));
  for (const { record, signatures, tag } of rows) {
    expect(isRecord(JSON.parse(record)) || isRecord.errors, record).toBe(true);
    expect(isTag(JSON.parse(tag)) || isTag.errors, tag).toBe(true);
    expect(Buffer.byteLength(tag)).toBeLessThanOrEqual(4096);
    const [signature] = JSON.parse(signatures) as { keyid: string; sig: string }[];
    const signed = preAuthEncoding(STATEMENT_TYPE, Buffer.from(record));
    expect(verify(null, signed, keys.get(signature!.keyid)!, Buffer.from(signature!.sig, "base64"))).toBe(true);
  }
}
