import { type Env, httpUrl, int, optional, type Reader, readEnv, str } from "./env.ts";
import { TENANT_NAME } from "./principal.ts";
import type { S3Access } from "./s3-client.ts";

/** A PostgreSQL URL; may be absent. */
const postgresUrl: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "") return undefined;
  if (!URL.canParse(raw) || !/^postgres(ql)?:$/.test(new URL(raw).protocol)) {
    throw new Error("must be a URL like postgres://user:password@host:5432/cairn");
  }
  return raw;
};

const collection: Reader<string> = (raw) => {
  if (raw === undefined || raw === "") return "cairn";
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(raw)) throw new Error("must be small letters, digits and hyphens, at most 40");
  return raw;
};

/** `acme=4,globex`: tenants with the number of their own shards, one where none is said. */
const tenantShards: Reader<ReadonlyMap<string, number>> = (raw) => {
  const entries = (raw ?? "").split(",").filter(Boolean);
  const tenants = entries.map((entry) => {
    const [, tenant, shards = "1"] = /^\s*([^=\s]+)(?:=([1-9]\d{0,2}))?\s*$/.exec(entry) ?? [];
    if (tenant === undefined || !TENANT_NAME.test(tenant))
      throw new Error("must be tenants and numbers of shards, acme=4,globex=2");
    return [tenant, Number(shards)] as const;
  });
  if (new Set(tenants.map(([tenant]) => tenant)).size < tenants.length) throw new Error("must name each tenant once");
  return new Map(tenants);
};

const blobs: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "" || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w.:-]+)*\/?$/.test(raw))
    return raw || undefined;
  throw new Error("must be s3://BUCKET or s3://BUCKET/PREFIX");
};

const pepper: Reader<string | undefined> = (raw) => {
  if (raw === undefined || raw === "" || /^[0-9a-f]{64}$/.test(raw)) return raw || undefined;
  throw new Error("must be 64 hexadecimal digits, for example of: openssl rand -hex 32");
};

/** Where a process keeps its state. Without any of them: all of it below one folder. */
export const STATE_SETTINGS = {
  CAIRN_DATA: str(".cairn"),
  DATABASE_URL: postgresUrl,
  DATABASE_REPLICA_URL: postgresUrl,
  CAIRN_PEPPER: pepper,
  QDRANT_URL: httpUrl,
  QDRANT_API_KEY: optional,
  QDRANT_COLLECTION: collection,
  QDRANT_SHARDS: int(1, 1024, 1),
  QDRANT_REPLICAS: int(1, 16, 1),
  QDRANT_TENANT_SHARDS: tenantShards,
  CAIRN_BLOBS: blobs,
  AWS_ENDPOINT_URL: httpUrl,
  AWS_REGION: str("us-east-1"),
  AWS_ACCESS_KEY_ID: optional,
  AWS_SECRET_ACCESS_KEY: optional,
  AWS_SESSION_TOKEN: optional,
} satisfies Record<string, Reader<unknown>>;

/** Who this process is to an S3 store, if it is anybody. */
export function s3AccessOf(settings: StateSettings): S3Access | undefined {
  const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region, AWS_SESSION_TOKEN: sessionToken } = settings;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { endpoint, region, accessKeyId, secretAccessKey, sessionToken };
}

export type StateSettings = ReturnType<typeof readEnv<typeof STATE_SETTINGS>>;

/** Only for programs that need nothing else from the environment. */
export const readStateSettings = (env: Env): StateSettings => readEnv(STATE_SETTINGS, env);
