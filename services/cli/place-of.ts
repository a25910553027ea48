import type { Place } from "#shared/places.ts";
import { oneLine } from "./printable.ts";

type Source = {
  readonly title: string;
  readonly uri: string;
  readonly heading_path: readonly string[];
  readonly page?: number;
  readonly place?: Place;
};

/** `title › heading › heading`; a document's first heading is often its title. */
export function placeOf({ title, heading_path }: Pick<Source, "title" | "heading_path">): string {
  const headings = heading_path[0] === title ? heading_path.slice(1) : heading_path;
  return [title, ...headings].map(oneLine).join(" › ");
}

/** The address of an original, with the page, slide, row … in it. */
export function addressOf({ uri, page, place }: Source): string {
  if (page) return `${oneLine(uri)}, page ${page}`;
  if (!place) return oneLine(uri);
  const { unit, from, to } = place;
  return `${oneLine(uri)}, ${from === to ? `${unit} ${from}` : `${unit}s ${from}–${to}`}`;
}
