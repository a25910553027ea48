import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import type { Mistake, Path } from "./mistake.ts";
import { nameOf, plainValue } from "./plain-value.ts";

const maxBytes = 1024 * 1024;
/** One slip can make a syntax error of every line after it. */
const maxSyntaxErrors = 20;

/** `value` is `undefined` where the text cannot be read at all; the mistakes say why. */
export type YamlValue = {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** The line of the innermost part of a path that is in the text, from 1. */
  readonly lineOf: (path: Path) => number | undefined;
};

/** Reads one YAML document, with every mistake that keeps it from being plain values. */
export function readYaml(text: string): YamlValue {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError) return unreadable([{ path: [], problem: "is nested too deeply to be read." }]);
    throw error;
  }
}

const unreadable = (mistakes: Mistake[]): YamlValue => ({ value: undefined, mistakes, lineOf: () => undefined });

function read(text: string): YamlValue {
  if (Buffer.byteLength(text) > maxBytes) {
    const problem = "is larger than 1 MiB, and a route file has a few kilobytes. Was another file meant?";
    return unreadable([{ path: [], problem }]);
  }
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const line = (node: Node | null): number | undefined => (node?.range ? lines.linePos(node.range[0]).line : undefined);

  // The package reports what its own recursion ran into like any slip of the writer.
  if (doc.errors.some(({ message }) => message.includes("call stack"))) throw new RangeError("nested too deeply");
  const syntax = [...doc.errors, ...doc.warnings].slice(0, maxSyntaxErrors);
  if (syntax.length > 0) {
    return unreadable(
      syntax.map(({ code, message, pos }) => ({
        path: [],
        problem:
          code === "MULTIPLE_DOCS"
            ? "has more than one YAML document. Keep one and remove the line with ---."
            : `is not YAML that can be read here: ${message.replaceAll(/\s+/g, " ").slice(0, 200)}.`,
        line: lines.linePos(pos[0]).line,
      })),
    );
  }
  if (doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null)) {
    return unreadable([{ path: [], problem: "is empty. Give it `upstreams` and `models`." }]);
  }
  const mistakes: Mistake[] = [];
  const value = plainValue(doc.contents, (path, problem, node) => mistakes.push({ path, problem, line: line(node) }));
  return { value, mistakes, lineOf: (path) => line(innermost(doc.contents, path)) };
}

function innermost(root: ParsedNode | null, path: Path): Node | null {
  let found: Node | null = root;
  let inside: Node | null = root;
  for (const step of path) {
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => nameOf(key as Node) === step);
      if (!pair) break;
      found = pair.key as Node;
      inside = pair.value as Node | null;
    } else if (isSeq(inside) && typeof step === "number" && inside.items[step]) {
      found = inside.items[step] as Node;
      inside = found;
    } else break;
  }
  return found;
}
