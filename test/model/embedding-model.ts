import { resolve } from "node:path";

/** Folder of the model that the tests embed with. */
export const embeddingModel = (): string =>
  resolve(process.env.CAIRN_TEST_EMBEDDINGS ?? "../shared/models/multilingual-e5-small-zh-en");
