import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fsyncFolder } from "./fsync-folder.ts";

const PEPPER_BYTES = 32;
const PEPPER = /^[0-9a-f]{64}$/;

/**
 * The secret that API keys are hashed with. Made on first use; without it every stored key is useless. Rejects with
 * a sentence when the file holds anything else: keys that are hashed with too little could be forged.
 */
export async function loadPepper(folder: string): Promise<string> {
  const path = join(folder, "pepper");
  await mkdir(folder, { recursive: true });
  const pepper = (await readIfThere(path)) ?? (await make(folder, path));
  if (PEPPER.test(pepper)) return pepper;
  throw new Error(
    `${path} does not hold the 64 hexadecimal digits that API keys are hashed with. Restore it from a backup, or ` +
      `delete it: a new one is made, and all API keys have to be made again. Nothing was changed.`,
  );
}

/** Written beside its place and linked into it: exactly one of several first starts wins, and a crash leaves no half. */
async function make(folder: string, path: string): Promise<string> {
  const draft = `${path}.${crypto.randomUUID()}.part`;
  try {
    const pepper = randomBytes(PEPPER_BYTES).toString("hex");
    await writeFile(draft, pepper, { flag: "wx", mode: 0o600, flush: true });
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await fsyncFolder(folder);
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, "utf8");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}
