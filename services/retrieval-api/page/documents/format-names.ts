import { FORMAT_TABLE } from "#shared/formats.ts";
import type { Language } from "#shared/language.ts";

/** Every format that is read, as a list in words. */
export const formatNames = (language: Language): string =>
  new Intl.ListFormat(language === "zh" ? "zh-CN" : "en-GB").format(FORMAT_TABLE.map(({ name }) => name[language]));
