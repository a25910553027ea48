import { postgresPrograms, startPostgres } from "../helpers/postgres-server.ts";
import { hasQdrantEngine, startQdrant } from "../helpers/qdrant-server.ts";

/** The servers that the environment names, or else ones of our own for as long as the tests run. */
export async function setup(): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  process.env.CAIRN_TEST_DATABASE_URL = process.env.DATABASE_URL ?? (await ownPostgres(stops));
  process.env.CAIRN_TEST_QDRANT_URL = process.env.QDRANT_URL ?? (await ownQdrant(stops));
  process.env.CAIRN_TEST_QDRANT_API_KEY = process.env.QDRANT_API_KEY ?? "";
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

async function ownQdrant(stops: (() => Promise<void>)[]): Promise<string> {
  if (!hasQdrantEngine()) {
    throw new Error("No Qdrant: set QDRANT_URL, or install its engine (pip install qdrant-edge-py==0.9.0).");
  }
  const server = await startQdrant();
  stops.push(server.stop);
  return server.url;
}
