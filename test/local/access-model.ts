import fc from "fast-check";
import { sha256 } from "#shared/digest.ts";

/** A brute-force model of who may read what: no index, no SQL, only lists. */
export const TENANTS = ["acme", "globex"] as const;
export type TenantName = (typeof TENANTS)[number];
export type Person = { readonly tenant: TenantName; readonly subject: string; readonly groups: readonly string[] };

/** The same names in both tenants, so that an entry of one could open a document of the other. */
export const PEOPLE: readonly Person[] = TENANTS.flatMap((tenant) => [
  { tenant, subject: "ann", groups: ["eng"] },
  { tenant, subject: "bob", groups: ["eng", "ops"] },
  { tenant, subject: "eng", groups: [] },
]);

const ENTRIES = ["tenant", "user:ann", "user:bob", "group:eng", "group:ops", "group:ann", "user:nobody"] as const;
export const COLLECTIONS = ["default", "other"] as const;

/** A word that stands in this version of this document only, that no stemmer touches and no typo makes of another. */
export const wordOf = (serial: number): string =>
  `zq${[...sha256(String(serial)).slice(0, 10)].map((digit) => "bcdfghjklmnpqrtv"[Number.parseInt(digit, 16)]).join("")}k`;

export type Version = { readonly id: string; readonly word: string; erased: boolean };
export type Doc = {
  readonly id: string;
  readonly key: string;
  readonly tenant: TenantName;
  readonly collection: string;
  acl: readonly string[];
  /** Oldest first; the last one is current. */
  versions: Version[];
  deleted: boolean;
};

export type Op =
  | { readonly kind: "put"; readonly slot: Slot; readonly acl: readonly string[] | undefined }
  | { readonly kind: "acl"; readonly slot: Slot; readonly acl: readonly string[] }
  | { readonly kind: "delete"; readonly slot: Slot };
export type Slot = { readonly tenant: TenantName; readonly collection: string; readonly uri: number };
export const keyOf = ({ tenant, collection, uri }: Slot): string => `${tenant}/${collection}/${uri}`;

const slot = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  collection: fc.constantFrom(...COLLECTIONS),
  uri: fc.nat(2),
});
const acl = fc.uniqueArray(fc.constantFrom(...ENTRIES), { minLength: 1, maxLength: 3 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put"), slot, acl: fc.option(acl, { nil: undefined }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("acl"), slot, acl }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete"), slot }) },
);
/** Rounds of changes that happen at once, to different documents. */
export const rounds = fc.array(
  fc.uniqueArray(op, { minLength: 2, maxLength: 7, selector: ({ slot }) => keyOf(slot) }),
  { minLength: 2, maxLength: 5 },
);

export const mayRead = (person: Person, doc: Doc): boolean =>
  !doc.deleted &&
  doc.tenant === person.tenant &&
  (doc.acl.includes("tenant") ||
    doc.acl.includes(`user:${person.subject}`) ||
    person.groups.some((group) => doc.acl.includes(`group:${group}`)));

export const currentOf = (doc: Doc): Version => doc.versions.at(-1)!;

/** `document/version` of everything that a search of this person may find, sorted. */
export const visible = (docs: readonly Doc[], person: Person, collections: readonly string[] = COLLECTIONS): string[] =>
  docs
    .filter((doc) => mayRead(person, doc) && collections.includes(doc.collection))
    .map((doc) => `${doc.id}/${currentOf(doc).id}`)
    .sort();

/** What a search may find while a change is under way: either ACL may hold, and either version be current. */
export function meanwhile(before: readonly Doc[], after: readonly Doc[], person: Person): string[] {
  return after.flatMap((now) => {
    const old = before.find(({ id }) => id === now.id);
    const states = old ? [old, now] : [now];
    if (!states.some((doc) => mayRead(person, doc))) return [];
    return states.map((doc) => `${doc.id}/${currentOf(doc).id}`);
  });
}

/** What a past answer may say of a version it rests on. */
export function statusOf(docs: readonly Doc[], person: Person, versionId: string): string {
  const doc = docs.find(({ versions }) => versions.some(({ id }) => id === versionId));
  const version = doc?.versions.find(({ id }) => id === versionId);
  if (!doc || !version || version.erased || !mayRead(person, doc)) return "unavailable";
  return currentOf(doc) === version ? "current" : "superseded";
}

export const copyOf = (docs: readonly Doc[]): Doc[] =>
  docs.map((doc) => ({ ...doc, versions: doc.versions.map((version) => ({ ...version })) }));
