import { damagedFile } from "./damaged-file.ts";
import { MAX_TEXT_LENGTH, tooMuchText } from "./outline.ts";

export type Json = string | number | boolean | null | Json[] | { readonly [key: string]: Json };

const MAX_DEPTH = 100;

export function flatten(value: Json): string[];
export function flatten(value: Json, maxLength: number): string[] | undefined;
/** A value as `path: value` for each thing in it; `undefined` if that is longer. Throws for what is nested too deeply. */
export function flatten(value: Json, maxLength = Number.POSITIVE_INFINITY): string[] | undefined {
  const pairs: string[] = [];
  let length = 0;
  const add = (text: string): boolean => {
    pairs.push(text);
    length += text.length + 2;
    if (length > MAX_TEXT_LENGTH) throw tooMuchText();
    return length <= maxLength;
  };
  const walk = (path: string, inner: Json, depth: number): boolean => {
    if (depth > MAX_DEPTH) throw damagedFile("is nested too deeply to be read");
    if (typeof inner !== "object" || inner === null) return add(named(path, oneLine(String(inner))));
    if (Array.isArray(inner)) {
      if (inner.every((item) => typeof item !== "object" || item === null)) {
        return inner.length === 0 || add(named(path, inner.map((item) => oneLine(String(item))).join(", ")));
      }
      return inner.every((item, i) => walk(`${path}[${i}]`, item, depth + 1));
    }
    return Object.entries(inner).every(([key, item]) =>
      walk(path === "" ? oneLine(key) : `${path}.${oneLine(key)}`, item, depth + 1),
    );
  };
  return walk("", value, 0) ? pairs : undefined;
}

const named = (path: string, text: string): string => (path === "" ? text : `${path}: ${text}`);
const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
