/** Originals and normalised texts by key (`<tenant>/<version>/original`). A `put` is durable when it resolves. */
export type Blobs = {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Rejects with `AppError` `not_found` when the key is absent. */
  get(key: string): Promise<Uint8Array>;
  /** Removes the key and every key below it; absent keys are no error. */
  remove(key: string): Promise<void>;
  /** Every key, in any order; one that comes or goes meanwhile may be missing. */
  keys(): AsyncIterable<string>;
};

/** Throws for what is not a path of names: every store can hold a key, and none leads out of it. */
export function checkBlobKey(key: string): void {
  if (!/^[\w.:-]+(\/[\w.:-]+)*$/.test(key) || key.split("/").some((part) => /^\.+$/.test(part))) {
    throw new Error(`Not a blob key: ${key}`);
  }
}
