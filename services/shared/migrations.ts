import type { Database, Sql } from "./database.ts";

/** Applied in order, each once, each in one transaction. Never edit one that has been released: add the next. */
const MIGRATIONS: readonly string[][] = [
  [
    `create table tenant (id text primary key, created_at bigint not null)`,
    `create table api_key (
       id text primary key, tenant text not null, subject text not null, groups text not null, scopes text not null,
       hash text not null, created_at bigint not null, expires_at bigint, revoked_at bigint)`,
    `create table source (
       id text primary key, tenant text not null, kind text not null, location text not null, collection text not null,
       acl text not null, created_by text not null, created_at bigint not null, synced_at bigint,
       unique (tenant, kind, location, collection))`,
    `create table document (
       id text primary key, tenant text not null, collection text not null, uri text not null, title text not null,
       acl text not null, source_id text, fingerprint text, created_by text not null, created_at bigint not null,
       updated_at bigint not null, current_version text, latest_seq integer not null, deleted_at bigint,
       unique (tenant, collection, uri))`,
    `create index document_source on document (source_id)`,
    `create table document_version (
       id text primary key, document_id text not null, tenant text not null, seq integer not null, title text not null,
       digest text not null, salt text not null, bytes bigint not null, media_type text not null, file_name text not null,
       parser text, text_commitment text, code_points integer, passages integer,
       created_at bigint not null, ready_at bigint, retired_at bigint, unique (document_id, seq))`,
    `create table job (
       id text primary key, tenant text not null, kind text not null, payload text not null, state text not null,
       priority integer not null, attempts integer not null, run_at bigint not null, lease_until bigint, lease_token text,
       step text, reason text, code text, created_at bigint not null, updated_at bigint not null, finished_at bigint)`,
    `create index job_ready on job (state, priority, run_at)`,
    `create table ingestion_event (
       id text primary key, tenant text not null, kind text not null, document_id text not null, version_id text,
       commitment text, at bigint not null)`,
    `create table release (digest text primary key, name text not null, content text not null, first_used_at bigint not null)`,
    `create table conversation (
       id text primary key, tenant text not null, subject text not null, title text not null, created_at bigint not null,
       updated_at bigint not null, deleted_at bigint)`,
    `create index conversation_owner on conversation (tenant, subject, updated_at)`,
    `create table message (
       id text primary key, conversation_id text not null, position integer not null, role text not null, content text not null,
       answer_id text, created_at bigint not null, unique (conversation_id, position))`,
    `create table answer (
       id text primary key, tenant text not null, subject text not null, conversation_id text, question text not null,
       standalone text not null, content text not null, outcome text not null, citations text not null, tag text not null,
       salts text not null, created_at bigint not null)`,
    `create table answer_dep (
       answer_id text not null, tenant text not null, dep_kind text not null, dep_id text not null, dep_digest text,
       use text not null, at bigint not null, primary key (answer_id, dep_kind, dep_id, use))`,
    `create index answer_dep_target on answer_dep (tenant, dep_kind, dep_id)`,
    `create table lineage_record (
       digest text primary key, answer_id text not null unique, tenant text not null, record text not null, at bigint not null)`,
    `create table log_leaf (
       id text primary key, tenant text not null, kind text not null, digest text not null, at bigint not null,
       sequence bigint, unique (tenant, sequence))`,
    `create table log_checkpoint (tenant text not null, size bigint not null, checkpoint text not null, at bigint not null,
       primary key (tenant, size))`,
    `create table feedback (
       answer_id text not null, tenant text not null, subject text not null, rating text not null, comment text, at bigint not null,
       primary key (answer_id, subject))`,
    `create table withdrawal (
       id text primary key, tenant text not null, kind text not null, target text not null, reason text not null,
       created_by text not null, at bigint not null)`,
    `create index withdrawal_target on withdrawal (tenant, kind, target)`,
    `create table audit (
       id text primary key, tenant text not null, subject text not null, action text not null, target text not null, at bigint not null)`,
  ],
  [
    `create table quota_window (
       account text not null, resource text not null, starts_at bigint not null, ends_at bigint not null,
       used bigint not null, granted bigint not null, primary key (account, resource, starts_at))`,
    `create index quota_window_end on quota_window (ends_at)`,
    `create table quota_places (account text primary key, holders text not null, expires_at bigint not null)`,
  ],
  // Beside its salt: without the text, nobody could ever check what the record says of the prompt.
  [`alter table answer add column prompt text`],
  [
    `alter table job add column leases integer not null default 0`,
    `alter table source add column label text`,
    `create unique index source_label on source (tenant, collection, label)`,
    `create index document_listing on document (tenant, created_at desc, id)`,
    `create index ingestion_event_document on ingestion_event (document_id)`,
  ],
  [
    `create index log_leaf_waiting on log_leaf (tenant, at) where sequence is null`,
    `create table log_head (tenant text primary key, origin text not null, size bigint not null, root text not null)`,
    `create table log_tile (
       tenant text not null, level integer not null, position bigint not null, hashes text not null,
       primary key (tenant, level, position))`,
    // DSSE signatures as JSON; null from before records were signed.
    `alter table lineage_record add column signatures text`,
  ],
  [
    `alter table withdrawal add column lifted_at bigint`,
    `alter table withdrawal add column lifted_by text`,
    `alter table withdrawal add column lift_reason text`,
    `create table ingest_run (
       id text primary key, tenant text not null, source_id text, created_by text not null, at bigint not null)`,
    `alter table document_version add column run_id text`,
    `create index document_version_run on document_version (run_id)`,
    `create index document_version_parser on document_version (tenant, parser)`,
    // By its digest, as a release is: "answer" is the name of every prompt.
    `update answer_dep set dep_id = dep_digest where dep_kind = 'prompt' and dep_digest is not null`,
  ],
  [
    // A job's place among those of its priority: tenants take turns.
    `alter table job add column turn bigint not null default 0`,
    `create index job_turn on job (state, priority, turn)`,
    `create index job_tenant_turn on job (tenant, state, priority, turn)`,
  ],
  [
    // What a replay starts from and the record only commits to.
    `alter table answer add column inputs text`,
    `create table answer_replay (
       answer_id text not null, mode text not null, tenant text not null, release text not null, verdict text not null,
       replayed_by text not null, at bigint not null, primary key (answer_id, mode, release))`,
  ],
  [
    `create table erasure (
       id text primary key, tenant text not null, document_id text not null, uri_digest text not null, reason text not null,
       requested_by text not null, requested_at bigint not null, state text not null, removed text, receipt text,
       completed_at bigint)`,
    `create index erasure_document on erasure (tenant, document_id)`,
    `create index erasure_uri on erasure (uri_digest)`,
    `alter table document_version add column erased_at bigint`,
    `alter table answer add column erased_at bigint`,
    `create index answer_tenant on answer (tenant, id)`,
  ],
  [
    `alter table feedback add column reason text`,
    `create table session (
       id text primary key, key_id text not null, created_at bigint not null, expires_at bigint not null)`,
    `create index session_end on session (expires_at)`,
  ],
  [
    `create table outbox (
       id text primary key, tenant text not null, topic text not null, body text not null, state text not null,
       attempts integer not null, run_at bigint not null, at bigint not null, problem text, sent_at bigint)`,
    `create index outbox_waiting on outbox (topic, state, run_at)`,
    `create index outbox_listing on outbox (tenant, topic, at, id)`,
    `alter table ingest_run add column sealed_at bigint`,
    `alter table ingest_run add column ended_at bigint`,
    `update ingest_run set sealed_at = at, ended_at = at`,
    `create index ingest_run_open on ingest_run (at) where ended_at is null`,
  ],
  [
    // A generation of the index that is being built, and what became of it.
    `create table reindex (
       generation text primary key, state text not null, cursor text not null, total bigint not null, done bigint not null,
       report text, before text, created_by text not null, created_at bigint not null, updated_at bigint not null)`,
  ],
  [`create table signing_key (kid text primary key, published text not null, valid_from text not null)`],
  [
    `alter table source add column settings text not null default '{}'`,
    `alter table source add column schedule text`,
    `alter table source add column timezone text`,
    `alter table source add column next_at bigint`,
    // A sync that was asked for or is at work, and what became of the last one.
    `alter table source add column sync_state text not null default 'idle'`,
    `alter table source add column sync_asked text`,
    `alter table source add column asked_at bigint`,
    `alter table source add column leases integer not null default 0`,
    `alter table source add column lease_until bigint`,
    `alter table source add column lease_token text`,
    `alter table source add column progress text`,
    `alter table source add column report text`,
    `alter table source add column attempted_at bigint`,
    `alter table source add column problem text`,
    `alter table source add column problem_code text`,
    // Where a version comes from: a commit and an address of just this content.
    `alter table document_version add column revision text`,
    `alter table document_version add column link text`,
    // What a crawl needs to know of a page that has not changed.
    `create table source_page (document_id text primary key, source_id text not null, state text not null)`,
    `create index source_page_source on source_page (source_id)`,
  ],
  [`create table lease (name text primary key, holder text not null, held_until bigint not null)`],
];

/** Every table, in the order of its making. */
export const TABLES: readonly string[] = MIGRATIONS.flat().flatMap(
  (statement) => /^create table (\w+)/.exec(statement)?.[1] ?? [],
);

/** The schema that this version knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the schema up to date. Rejects with a sentence when the data was written by a newer Cairn. */
export async function migrate(db: Database, now: () => number = Date.now): Promise<void> {
  const version = await db.alone(async (sql) => {
    await sql.run("create table if not exists migration (version integer primary key, applied_at bigint not null)");
    return versionOf(sql);
  });
  if (version > MIGRATIONS.length) {
    throw new Error(
      `The data was written by a newer Cairn (schema ${version}, this one knows ${MIGRATIONS.length}). ` +
        `Upgrade Cairn, or point CAIRN_DATA or DATABASE_URL at other data. Nothing was changed.`,
    );
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue;
    await db.alone(async (sql) => {
      // Processes that start together all come here; what another one has done since is done.
      if (index < (await versionOf(sql))) return;
      for (const statement of statements) await sql.run(statement);
      await sql.run("insert into migration (version, applied_at) values ($1, $2)", [index + 1, now()]);
    });
  }
}

async function versionOf(sql: Sql): Promise<number> {
  const applied = await sql.get<{ version: number | null }>("select max(version) as version from migration");
  return applied?.version ?? 0;
}
