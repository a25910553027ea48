import type { Place } from "#shared/places.ts";
import { t } from "../text/text.ts";

/** The page, slide, row … of an original: `page 3`, `rows 4–7`. `undefined` where it counts nothing. */
export function placeText({ page, place }: { readonly page?: number; readonly place?: Place }): string | undefined {
  if (page !== undefined) return t("source.page", { page });
  if (!place) return undefined;
  const { unit, from, to } = place;
  return from === to ? t(`source.place.${unit}`, { from }) : t(`source.places.${unit}`, { from, to });
}
