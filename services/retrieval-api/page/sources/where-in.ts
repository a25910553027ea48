import type { Place } from "#shared/places.ts";
import { shownText } from "../markdown/shown-text.ts";
import { placeText } from "./place-text.ts";

/** Where in a document a passage stands: `Configuration › Default ports · page 3`. */
export function whereIn(source: {
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly page?: number;
  readonly place?: Place;
}): string {
  const { title, heading_path } = source;
  // The first heading of a document is most often its title.
  const path = heading_path[0] === title ? heading_path : [title, ...heading_path];
  const place = placeText(source);
  return shownText(path.join(" › ")) + (place ? ` · ${place}` : "");
}
