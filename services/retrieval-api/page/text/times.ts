import { signal } from "@preact/signals";
import { language } from "../state/preferences.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How far the clock of the server is ahead of this machine's: "two minutes ago" must be true on a wrong clock, too. */
const skewMs = signal(0);

/** Takes the time that a response was made at, to the second. */
export function noteServerTime(date: string | null): void {
  const at = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(at)) return;
  const skew = at - Date.now();
  // A second of difference is the header's own coarseness, and the way of the answer.
  if (Math.abs(skew - skewMs.value) > 5000) skewMs.value = Math.abs(skew) > 5000 ? skew : 0;
}

export const serverNow = (): number => Date.now() + skewMs.value;

const locale = (): string => (language.value === "zh" ? "zh-CN" : "en-GB");
const formats = new Map<string, unknown>();

/** Making a format takes far longer than using it. */
function formatOf<T>(name: string, make: (locale: string) => T): T {
  const key = `${locale()} ${name}`;
  const format = (formats.get(key) as T | undefined) ?? make(locale());
  formats.set(key, format);
  return format;
}

const format = (at: number, options: Intl.DateTimeFormatOptions): string =>
  formatOf(JSON.stringify(options), (of) => new Intl.DateTimeFormat(of, options)).format(at);

/** Date and time to the minute. */
export const fullTime = (iso: string): string => format(Date.parse(iso), { dateStyle: "medium", timeStyle: "short" });

/** "5 minutes ago", or the date when that says more. */
export function agoTime(iso: string): string {
  const at = Date.parse(iso);
  const past = Math.max(0, serverNow() - at);
  const relative = formatOf("relative", (of) => new Intl.RelativeTimeFormat(of, { numeric: "auto" }));
  if (past < MINUTE_MS) return relative.format(0, "second");
  if (past < HOUR_MS) return relative.format(-Math.floor(past / MINUTE_MS), "minute");
  if (past < DAY_MS) return relative.format(-Math.floor(past / HOUR_MS), "hour");
  if (past < 7 * DAY_MS) return relative.format(-Math.floor(past / DAY_MS), "day");
  return format(at, { dateStyle: "medium" });
}

/** Whole days between the day of a time and today; 0 is today. */
export function daysAgo(iso: string): number {
  const dayOf = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
  return Math.max(0, Math.round((dayOf(serverNow()) - dayOf(Date.parse(iso))) / DAY_MS));
}

/** `1.2 MB`, in the decimal units that file managers use. */
export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

export const wholeNumber = (value: number): string =>
  formatOf("number", (of) => new Intl.NumberFormat(of)).format(value);
