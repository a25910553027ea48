import { SaxesParser } from "saxes";
import { damagedFile } from "./damaged-file.ts";

/** Bytes that become text at a time: a whole worksheet as one string would cost four times its size. */
const CHUNK_BYTES = 1024 * 1024;
/** Deeper than any real part; what follows the elements may keep a stack of its own. */
const MAX_DEPTH = 1_000;

export type Attributes = Readonly<Record<string, string>>;
export type XmlHandler = {
  /** Names are without their prefix. */
  readonly open?: (name: string, attributes: Attributes) => void;
  readonly text?: (text: string) => void;
  readonly close?: (name: string) => void;
};

/**
 * Reads XML from its start to its end, element by element. Entities that a document declares are never expanded, nothing
 * is fetched. Throws `unreadable_document` where it is not well formed.
 */
export function readXml(bytes: Uint8Array, { open, text, close }: XmlHandler): void {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let depth = 0;
  parser.on("opentag", ({ name, attributes }) => {
    depth += 1;
    if (depth > MAX_DEPTH) throw damagedFile("is nested too deeply to be read");
    open?.(local(name), attributes as Attributes);
  });
  parser.on("text", (words) => text?.(words));
  parser.on("cdata", (words) => text?.(words));
  parser.on("closetag", ({ name }) => {
    depth -= 1;
    close?.(local(name));
  });
  const decoder = new TextDecoder(encodingOf(bytes));
  try {
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      parser.write(decoder.decode(bytes.subarray(at, at + CHUNK_BYTES), { stream: true }));
    }
    parser.write(decoder.decode()).close();
  } catch (error) {
    throw damagedFile("is damaged and cannot be read", error);
  }
}

/** An attribute by its name without prefix. */
export function attributeOf(attributes: Attributes, name: string): string | undefined {
  const found = Object.keys(attributes).find((key) => key === name || local(key) === name);
  return found === undefined ? undefined : attributes[found];
}

/** XML's `1`, `true` and `on`. */
export const isOn = (value: string | undefined): boolean => value === "1" || value === "true" || value === "on";

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function encodingOf([a, b]: Uint8Array): string {
  if (a === 0xff && b === 0xfe) return "utf-16le";
  return a === 0xfe && b === 0xff ? "utf-16be" : "utf-8";
}
