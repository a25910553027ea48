export const SCOPES = ["chat", "ingest", "audit", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. Built in one function from whatever credential was sent (`identity.ts`). */
export type Principal = {
  readonly tenant: string;
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly Scope[];
};

/** A tenant's name is also the first part of its blobs' keys, so it is what a folder, an S3 key and a URL all allow. */
export const TENANT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** What the gateway takes as `x-cairn-tenant`: a name that a header and a log line carry as it is. */
export const TENANT_HEADER = /^[A-Za-z0-9._-]{1,64}$/;

/** `tenant` (everyone in the tenant), `user:<subject>` or `group:<name>`. */
export type AclEntry = string;

export const ACL_ENTRY = /^(tenant|user:[^\s:][^\s]{0,127}|group:[^\s:][^\s]{0,127})$/;

/** An administrator of the tenant `local` runs this installation, and looks after the keys of every tenant. */
export const isOperator = ({ tenant, scopes }: Principal): boolean => tenant === "local" && scopes.includes("admin");

/** The ACL entries that open documents to this principal. */
export function aclEntriesOf(principal: Principal): AclEntry[] {
  return ["tenant", `user:${principal.subject}`, ...principal.groups.map((group) => `group:${group}`)];
}

declare const scoped: unique symbol;

/** What a search may see. Only `scopeOf` can make one, so no search runs without a principal. */
export type SearchScope = {
  readonly tenant: string;
  readonly acl: readonly AclEntry[];
  /** `undefined` means every collection. */
  readonly collections: readonly string[] | undefined;
  readonly [scoped]: true;
};

/** What this principal may see, of these collections or of all. */
export function scopeOf(principal: Principal, collections?: readonly string[]): SearchScope {
  return { tenant: principal.tenant, acl: aclEntriesOf(principal), collections } as unknown as SearchScope;
}

/** The rule that index filters follow and the second gate decides by. */
export function mayRead(
  scope: SearchScope,
  document: { tenant: string; collection: string; acl: readonly AclEntry[] },
): boolean {
  if (document.tenant !== scope.tenant) return false;
  if (scope.collections !== undefined && !scope.collections.includes(document.collection)) return false;
  return document.acl.some((entry) => scope.acl.includes(entry));
}
