import { oneLine } from "./printable.ts";

type Place = { readonly title: string; readonly heading_path: readonly string[] };

/** `title › heading › heading`; a document's first heading is often its title. */
export function placeOf({ title, heading_path }: Place): string {
  const headings = heading_path[0] === title ? heading_path.slice(1) : heading_path;
  return [title, ...headings].map(oneLine).join(" › ");
}
