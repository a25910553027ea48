/** Something that a source has and that can become a document. */
export type Item = {
  readonly uri: string;
  /** What reports call it. */
  readonly path: string;
  /** Differs whenever the content may have changed. */
  readonly fingerprint: string;
  /** As far as they are known before it is read. */
  readonly bytes: number;
  readonly fileName: string;
  readonly mediaType: string;
  readonly origin?: Origin;
  /** What the next sync of a web page needs to know. Without it: what is known stays. */
  readonly page?: string | undefined;
  /** Rejects with an `AppError` whose sentence says why it is passed over. */
  read(signal?: AbortSignal): Promise<Uint8Array>;
};

/** Where the content of a version comes from. */
export type Origin = {
  /** A commit, an ETag. */
  readonly revision?: string | undefined;
  /** An https address of just this content. */
  readonly link?: string | undefined;
};

export type Skipped = { readonly path: string; readonly reason: string };

export type Found =
  | { readonly type: "item-found"; readonly item: Item }
  /** It may exist and was not read: no reason to delete its document, nor those below its uri. */
  | { readonly type: "item-skipped"; readonly path: string; readonly uri: string; readonly reason: string }
  /** The source says that it is gone, whatever else could be listed. */
  | { readonly type: "item-gone"; readonly uri: string }
  /** Not all was listed: what was not found may still be there. */
  | { readonly type: "listing-cut"; readonly reason: string }
  /** What state of the source was listed. */
  | { readonly type: "revision-read"; readonly revision: string };

/** All that a source has now. Rejects with an `AppError` when it cannot be listed; then nothing may be deleted. */
export type List = (signal?: AbortSignal) => AsyncIterable<Found>;
