import { shownText } from "../markdown/shown-text.ts";
import { t } from "../text/text.ts";

/** Where in a document a passage stands: `Configuration › Default ports · page 3`. */
export function whereIn(source: {
  readonly title: string;
  readonly heading_path: readonly string[];
  readonly page?: number | undefined;
}): string {
  const { title, heading_path, page } = source;
  // The first heading of a document is most often its title.
  const path = heading_path[0] === title ? heading_path : [title, ...heading_path];
  const place = page === undefined ? "" : ` · ${t("source.page", { page })}`;
  return shownText(path.join(" › ")) + place;
}
