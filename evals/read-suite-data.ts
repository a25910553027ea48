import { existsSync } from "node:fs";
import { join } from "node:path";
import { readBeir } from "./readers/read-beir.ts";
import { readBipia } from "./readers/read-bipia.ts";
import { readGolden } from "./readers/read-golden.ts";
import { readPresidio } from "./readers/read-presidio.ts";
import { readSquad } from "./readers/read-squad.ts";
import type { Suite } from "./suite.ts";
import { DataAbsent, type SuiteData } from "./suite-data.ts";

export type Folders = {
  /** The project: what is shipped. */
  readonly root: string;
  /** EVAL_DATA_DIR, what is not; absent when it is not set. */
  readonly data: string | undefined;
};

/** The documents and questions of a suite. Rejects with `DataAbsent` when its data is not on this machine. */
export async function readSuiteData({ data }: Suite, folders: Folders): Promise<SuiteData> {
  const external = (path: string): string => {
    if (folders.data === undefined) throw new DataAbsent("EVAL_DATA_DIR is not set");
    const full = join(folders.data, path);
    if (!existsSync(full)) throw new DataAbsent(`no data at ${full}`);
    return full;
  };
  switch (data.format) {
    case "golden":
      return readGolden(data, folders.root);
    case "squad":
      return readSquad(external(data.file), data.language);
    case "beir":
      return readBeir(external(data.folder), data.language);
    case "bipia":
      return readBipia(external(data.attacks), external(data.emails));
    case "presidio":
      return readPresidio(external(data.file));
  }
}
