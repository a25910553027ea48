import { shownText } from "../markdown/shown-text.ts";
import { t } from "../text/text.ts";

/** Who may read a document, in words. */
export function readersText(acl: readonly string[]): string {
  if (acl.includes("tenant")) return t("readers.everyone");
  return acl
    .map((entry) =>
      shownText(
        entry.replace(/^(user|group):/, (_, kind: string) => (kind === "group" ? `${t("readers.group")} ` : "")),
      ),
    )
    .join(", ");
}
