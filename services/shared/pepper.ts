import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The secret that API keys are hashed with. Made on first use; without it every stored key is useless. */
export async function loadPepper(folder: string): Promise<string> {
  const path = join(folder, "pepper");
  await mkdir(folder, { recursive: true });
  try {
    // `wx` lets exactly one of two first starts create it.
    await writeFile(path, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFile(path, "utf8");
}
