/** Originals and normalised texts by key (`<tenant>/<version>/original`). A `put` is durable when it resolves. */
export type Blobs = {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Rejects with `AppError` `not_found` when the key is absent. */
  get(key: string): Promise<Uint8Array>;
  /** Removes every key below the prefix; absent keys are no error. */
  remove(prefix: string): Promise<void>;
};
