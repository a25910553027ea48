import type { Sql } from "../database.ts";
import { type ReadTile, TILE_WIDTH } from "./log-tree.ts";
import { type Hash, rootOf } from "./merkle.ts";

const HASH_BYTES = 32;

/** Reads a tenant's tiles, each once. */
export function tileReader(sql: Sql, tenant: string): ReadTile {
  const known = new Map<string, Promise<readonly Hash[]>>();
  return (level, position) => {
    const key = `${level}/${position}`;
    let tile = known.get(key);
    if (!tile) {
      tile = readTile(sql, tenant, level, position);
      known.set(key, tile);
    }
    return tile;
  };
}

/** Adds leaf hashes to the tree of `size` leaves, with the roots of the tiles that become full. */
export async function appendHashes(sql: Sql, tenant: string, size: number, hashes: readonly Hash[]): Promise<void> {
  for (let [level, start, added] = [0, size, hashes]; added.length > 0; level++) {
    const roots: Hash[] = [];
    const [first, last] = [Math.floor(start / TILE_WIDTH), Math.floor((start + added.length - 1) / TILE_WIDTH)];
    for (let position = first; position <= last; position++) {
      const from = Math.max(0, position * TILE_WIDTH - start);
      const fresh = added.slice(from, (position + 1) * TILE_WIDTH - start);
      const before = position === first ? await readTile(sql, tenant, level, position) : [];
      const tile = [...before.slice(0, start + from - position * TILE_WIDTH), ...fresh];
      await writeTile(sql, tenant, level, position, tile);
      if (tile.length === TILE_WIDTH) roots.push(rootOf(tile));
    }
    [start, added] = [first, roots];
  }
}

async function readTile(sql: Sql, tenant: string, level: number, position: number): Promise<readonly Hash[]> {
  const row = await sql.get<{ hashes: string }>(
    "select hashes from log_tile where tenant = $1 and level = $2 and position = $3",
    [tenant, level, position],
  );
  const bytes = Buffer.from(row?.hashes ?? "", "base64");
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

async function writeTile(sql: Sql, tenant: string, level: number, position: number, hashes: readonly Hash[]) {
  await sql.run(
    `insert into log_tile (tenant, level, position, hashes) values ($1, $2, $3, $4)
     on conflict (tenant, level, position) do update set hashes = $4`,
    [tenant, level, position, Buffer.concat(hashes).toString("base64")],
  );
}
