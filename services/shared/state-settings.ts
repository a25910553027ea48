import { type Env, type Reader, readEnv, str } from "./env.ts";

/** A PostgreSQL URL; may be absent. */
const postgresUrl: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "") return undefined;
  if (!URL.canParse(raw) || !/^postgres(ql)?:$/.test(new URL(raw).protocol)) {
    throw new Error("must be a URL like postgres://user:password@host:5432/cairn");
  }
  return raw;
};

const pepper: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "" || /^[0-9a-f]{64}$/.test(raw)) return raw || undefined;
  throw new Error("must be 64 hexadecimal digits, for example of: openssl rand -hex 32");
};

/** Where a process keeps its state. Without any of them: all of it below one folder. */
export const STATE_SETTINGS = {
  CAIRN_DATA: str(".cairn"),
  DATABASE_URL: postgresUrl,
  CAIRN_PEPPER: pepper,
} satisfies Record<string, Reader<unknown>>;

export type StateSettings = ReturnType<typeof readEnv<typeof STATE_SETTINGS>>;

/** Only for programs that need nothing else from the environment. */
export const readStateSettings = (env: Env): StateSettings => readEnv(STATE_SETTINGS, env);
