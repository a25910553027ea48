import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, writeOnce } from "./write-once.ts";

const PEPPER_BYTES = 32;
const PEPPER = /^[0-9a-f]{64}$/;

/**
 * The secret that API keys are hashed with. Made on first use; without it every stored key is useless. Rejects with
 * a sentence when the file holds anything else: keys that are hashed with too little could be forged.
 */
export async function loadPepper(folder: string): Promise<string> {
  const path = join(folder, "pepper");
  await mkdir(folder, { recursive: true });
  const pepper = (await readIfThere(path)) ?? (await writeOnce(path, randomBytes(PEPPER_BYTES).toString("hex")));
  if (PEPPER.test(pepper)) return pepper;
  throw new Error(
    `${path} does not hold the 64 hexadecimal digits that API keys are hashed with. Restore it from a backup, or ` +
      `delete it: a new one is made, and all API keys have to be made again. Nothing was changed.`,
  );
}
