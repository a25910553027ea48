import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { Path } from "./mistake.ts";

/** What a file may come to once its aliases are followed: ten lines of them can mean billions of values. */
const maxValues = 100_000;

/** Hears of what cannot be taken over, with the node that shows where. */
export type OnMistake = (path: Path, problem: string, node: Node | null) => void;

/**
 * The plain value of a YAML document. Unlike `toJS` of the package it keeps the names of fields as they are written (a
 * key id like `1234e5678901` is no number), tells every duplicate, and bounds what aliases may repeat.
 */
export function plainValue(root: Node, onMistake: OnMistake): unknown {
  let values = 0;
  const anchors = new Map<string, Node>();
  const built = new Map<Node, { readonly value: unknown; readonly values: number }>();

  const of = (node: Node | null, path: Path): unknown => {
    count(1);
    if (isAlias(node)) return repeated(node, path);
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
    if (node.anchor) anchors.set(node.anchor, node);
    const before = values;
    const value = isMap(node)
      ? mapping(node as YAMLMap<Node, Node | null>, path)
      : isSeq(node)
        ? node.items.map((item, index) => of(item as Node, [...path, index]))
        : node.value;
    if (node.anchor) built.set(node, { value, values: values - before });
    return value;
  };

  const mapping = (node: YAMLMap<Node, Node | null>, path: Path): Record<string, unknown> => {
    // Without a prototype: `toString` is no field of a file that does not have it.
    const fields: Record<string, unknown> = Object.create(null);
    for (const { key, value } of node.items) {
      const name = nameOf(key);
      if (name === undefined) onMistake(path, "has a field whose name is no text. Write a plain name.", key);
      else if (name === "__proto__") onMistake(path, "has a field named __proto__. Choose another name.", key);
      else if (name in fields) onMistake([...path, name], "is there twice. Keep one.", key);
      else fields[name] = of(value, [...path, name]);
    }
    return fields;
  };

  const repeated = (node: Alias, path: Path): unknown => {
    const target = anchors.get(node.source);
    const known = target && built.get(target);
    if (known) count(known.values);
    else if (target) onMistake(path, `*${node.source} is part of itself. Write it out.`, node);
    else onMistake(path, `*${node.source} stands for nothing: no &${node.source} comes before it.`, node);
    return known?.value;
  };

  const count = (more: number): void => {
    values += more;
    if (values > maxValues) throw new TooManyValues();
  };

  try {
    return of(root, []);
  } catch (error) {
    if (!(error instanceof TooManyValues)) throw error;
    const problem = `has more than ${maxValues} values, what its aliases (*name) repeat included. Write out what is meant.`;
    onMistake([], problem, null);
    return undefined;
  }
}

class TooManyValues extends Error {}

/** A number or a date is a name too where a name is expected. */
export const nameOf = (key: Node): string | undefined =>
  isScalar(key) ? (key.source ?? String(key.value)) : undefined;
