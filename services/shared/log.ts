export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Log = {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, error: unknown, fields?: Fields): void;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * One JSON object a line on stderr. Callers pass identifiers, counts and times; never questions, answers or
 * document text, which is why there is no free-form object here.
 */
export function jsonLog(service: string, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const emit = (level: string, event: string, fields: Fields = {}): void => {
    const safe = Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        typeof value === "string" ? value.replace(CONTROL, " ") : value,
      ]),
    );
    write(`${JSON.stringify({ time: new Date().toISOString(), level, service, event, ...safe })}\n`);
  };
  return {
    info: (event, fields) => emit("info", event, fields),
    warn: (event, fields) => emit("warn", event, fields),
    error: (event, error, fields) => emit("error", event, { ...fields, error: describe(error) }),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 4000) : String(error).slice(0, 500);
}

/** For tests, and where nobody reads. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
