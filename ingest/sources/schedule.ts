import { Cron } from "croner";
import { AppError } from "#shared/errors.ts";

export const DEFAULT_TIMEZONE = "UTC";

/**
 * When a cron expression of five fields is due next, after the given moment; in milliseconds. The fields are read in
 * the time zone, so that "every night at three" stays that when clocks change. Throws `invalid_request` for an
 * expression or a zone that cannot be read, or one that is never due.
 */
export function nextRun(schedule: string, timezone: string, after: number): number {
  try {
    // The library also takes a date, which is due once and never again.
    if (schedule.trim().split(/\s+/).length !== 5) throw new TypeError("not five fields");
    const cron = new Cron(schedule, { timezone, mode: "5-part" });
    const next = cron.nextRun(new Date(after));
    if (next) return next.getTime();
  } catch (cause) {
    throw isZone(timezone)
      ? new AppError(
          "invalid_request",
          `schedule: "${schedule}" is not a cron expression of five fields, such as "0 3 * * *" for every day at three.`,
          { param: "schedule", cause },
        )
      : new AppError("invalid_request", `timezone: "${timezone}" is not a time zone such as Europe/Berlin or UTC.`, {
          param: "timezone",
          cause,
        });
  }
  throw new AppError("invalid_request", `schedule: "${schedule}" is never due.`, { param: "schedule" });
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
