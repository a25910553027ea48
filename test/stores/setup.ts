import { postgresPrograms, startPostgres } from "../helpers/postgres-server.ts";

/** The servers that the environment names, or else ones of our own for as long as the tests run. */
export async function setup(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  process.env.CAIRN_TEST_DATABASE_URL = process.env.DATABASE_URL ?? (await ownPostgres(stops));
  return async () => {
    for (const stop of stops) await stop();
  };
}

async function ownPostgres(stops: (() => Promise<void>)[]): Promise<string> {
  const programs = postgresPrograms();
  if (programs === undefined) {
    throw new Error("No PostgreSQL: set DATABASE_URL, or install one (on Debian: apt-get install postgresql).");
  }
  const server = await startPostgres(programs);
  stops.push(server.stop);
  return server.url;
}
