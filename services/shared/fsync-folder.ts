import { open } from "node:fs/promises";

/** Makes the names in a folder durable. A synced file whose name is not survives a power cut without its name. */
export async function fsyncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
