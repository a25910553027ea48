import { language } from "../state/preferences.ts";
import { type MessageKey, messagesEn } from "./messages-en.ts";
import { messagesZh } from "./messages-zh.ts";

type Values = Readonly<Record<string, string | number>>;

/** A text in the page's language; `{name}` stands for a value. Joined from parts: a value may hold any character. */
export function t(key: MessageKey, values: Values = {}): string {
  const message = (language.value === "zh" ? messagesZh : messagesEn)[key];
  return message
    .split(/\{(\w+)\}/)
    .map((part, i) => (i % 2 === 0 ? part : String(values[part] ?? "")))
    .join("");
}

/** Whether there is such a text: for codes that a newer server may add. */
export const isMessage = (key: string): key is MessageKey => Object.hasOwn(messagesEn, key);
