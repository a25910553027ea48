import { AppError } from "#shared/errors.ts";
import { typeOfFormat } from "#shared/formats.ts";
import { flatten, type Json } from "./flat-json.ts";
import { normaliseSource } from "./normalise.ts";
import { type Outline, openOutline } from "./outline.ts";
import type { Parsed } from "./parsed.ts";
import { titleOf } from "./title.ts";

/** In characters: longer records and members become sections of their own. */
const MAX_RECORD = 1_000;
const LINES_PER_BLOCK = 20;
/** Deeper members are lines with their path. */
const MAX_HEADINGS = 6;

/** Records as lines `name: value; name: value` with their number; members that are too long for a line as sections. */
export function parseJson(source: string, name: string): Parsed {
  const text = normaliseSource(source).trim();
  let value: Json;
  try {
    value = readJson(text);
  } catch (error) {
    // Many programs give JSON Lines this name.
    if (error instanceof SyntaxError && isJsonLines(text)) return parseJsonLines(source, name);
    throw error instanceof SyntaxError ? invalid(error) : error;
  }
  const outline = openOutline();
  writeValue(outline, value, 1);
  return { title: titleOf(name), mediaType: typeOfFormat("json"), parser: "json/1", ...outline.finish() };
}

/** Every line is a record; one that is no JSON is kept as it is, as long as most are. */
export function parseJsonLines(source: string, name: string): Parsed {
  const outline = openOutline();
  const lines = normaliseSource(source).split("\n");
  const records: { number: number; text: string }[] = [];
  let broken = 0;
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    try {
      const value = readJson(line);
      records.push({ number: i + 1, text: flatten(value).join("; ") });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      broken += 1;
      records.push({ number: i + 1, text: line });
    }
  }
  if (broken > records.length / 2) {
    throw new AppError("unreadable_document", "This file is called JSON Lines, but most of its lines are no JSON.");
  }
  writeRecords(outline, records, "line");
  return { title: titleOf(name), mediaType: typeOfFormat("jsonl"), parser: "jsonl/1", ...outline.finish() };
}

function writeValue(outline: Outline, value: Json, level: number): void {
  if (Array.isArray(value)) writeArray(outline, value, level);
  else if (typeof value === "object" && value !== null) writeObject(outline, value, level);
  else outline.add("paragraph", String(value));
}

/** Lines first: behind a section they would stand below its heading. */
function writeArray(outline: Outline, items: readonly Json[], level: number): void {
  const records: { number: number; text: string }[] = [];
  const long: (() => void)[] = [];
  for (const [i, item] of items.entries()) {
    const line = flatten(item, MAX_RECORD);
    if (line) records.push({ number: i + 1, text: line.join("; ") });
    else long.push(() => writeMember(outline, `[${i}]`, item, level));
  }
  writeRecords(outline, records, "record");
  for (const write of long) write();
}

function writeObject(outline: Outline, object: { readonly [key: string]: Json }, level: number): void {
  const lines: string[] = [];
  const long: (() => void)[] = [];
  for (const [key, value] of Object.entries(object)) {
    const isRecords = Array.isArray(value) && value.some((item) => typeof item === "object");
    const line = isRecords ? undefined : flatten({ [key]: value }, MAX_RECORD);
    if (line) lines.push(line.join("; "));
    else long.push(() => writeMember(outline, key, value, level));
  }
  if (lines.length > 0) outline.add("table", lines.join("\n"));
  for (const write of long) write();
}

function writeMember(outline: Outline, key: string, value: Json, level: number): void {
  if (level > MAX_HEADINGS) return void outline.add("table", flatten({ [key]: value }).join("\n"));
  outline.heading(level, key);
  writeValue(outline, value, level + 1);
}

function writeRecords(
  outline: Outline,
  records: readonly { number: number; text: string }[],
  unit: "record" | "line",
): void {
  for (let from = 0; from < records.length; ) {
    let to = from + 1;
    while (to < records.length && to - from < LINES_PER_BLOCK && records[to]!.number === records[to - 1]!.number + 1)
      to += 1;
    const lines = records.slice(from, to).map(({ text }) => text || "{}");
    outline.add("table", lines.join("\n"), { tight: from > 0, place: { unit, number: records[from]!.number } });
    from = to;
  }
}

/** Numbers stay as they are written: an identifier of 20 digits is one. */
function readJson(text: string): Json {
  const keep = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? (context?.source ?? value) : value;
  return JSON.parse(text, keep) as Json;
}

function isJsonLines(text: string): boolean {
  const first = text.split("\n", 1)[0]!;
  try {
    return first.length < text.length && typeof JSON.parse(first) === "object";
  } catch {
    return false;
  }
}

function invalid(cause: SyntaxError): AppError {
  const place = /line \d+ column \d+/.exec(cause.message)?.[0];
  const where = place ? ` (${place})` : "";
  return new AppError("unreadable_document", `This file is called JSON but is not valid JSON${where}.`, { cause });
}
