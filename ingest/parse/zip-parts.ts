import { unzipSync } from "fflate";
import { damagedFile } from "./damaged-file.ts";
import { attributeOf, readXml } from "./xml.ts";

/** A document that is an archive which `checkZip` has let through; parts are inflated when they are asked for. */
export type ZipParts = {
  readonly names: readonly string[];
  /** `undefined` where there is no such part. */
  readonly read: (name: string) => Uint8Array | undefined;
};

export function openParts(bytes: Uint8Array): ZipParts {
  const names: string[] = [];
  const unzip = (wanted: string | undefined): Uint8Array | undefined => {
    try {
      const filter = ({ name }: { name: string }) => {
        if (wanted === undefined) names.push(name);
        return name === wanted;
      };
      return wanted === undefined ? void unzipSync(bytes, { filter }) : unzipSync(bytes, { filter })[wanted];
    } catch (error) {
      throw damagedFile("is damaged and cannot be read", error);
    }
  };
  unzip(undefined);
  const known = new Set(names);
  return { names, read: (name) => (known.has(name) ? unzip(name) : undefined) };
}

export type Relation = { readonly id: string; readonly type: string; readonly target: string };

/** What a part of an Office file refers to inside the file; types are the last word of their address. */
export function relationsOf(parts: ZipParts, name: string): Relation[] {
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const rels = parts.read(`${folder}_rels/${name.slice(folder.length)}.rels`);
  const relations: Relation[] = [];
  if (!rels) return relations;
  readXml(rels, {
    open(tag, attributes) {
      if (tag !== "Relationship" || attributes.TargetMode === "External") return;
      const type = (attributes.Type ?? "").split("/").at(-1)!;
      relations.push({ id: attributes.Id ?? "", type, target: pathIn(folder, attributes.Target ?? "") });
    },
  });
  return relations;
}

/** The id of a relation that an element names: `r:id`. */
export const relationId = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes).find(([name]) => /:id$/.test(name))?.[1] ?? attributeOf(attributes, "id") ?? "";

/** `../media/a.xml` from `ppt/slides/`; never above the archive. */
export function pathIn(folder: string, target: string): string {
  const path: string[] = target.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const step of target.split("/")) {
    if (step === "..") path.pop();
    else if (step !== "." && step !== "") path.push(step);
  }
  return path.join("/");
}
