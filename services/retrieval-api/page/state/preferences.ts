import { signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

const THEME = "cairn.theme";
const LANGUAGE = "cairn.language";

export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(THEME)) ?? "system");
/** The browser's language, until its reader chooses another. `first-paint.ts` has read it already. */
export const language = signal<Language>(document.documentElement.lang === "zh" ? "zh" : "en");

export function chooseTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(THEME, next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}

export function chooseLanguage(next: Language): void {
  language.value = next;
  localStorage.setItem(LANGUAGE, next);
  document.documentElement.lang = next;
}
