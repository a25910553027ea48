import type { Sql } from "./database.ts";
import { post } from "./outbox.ts";
import { VERSION } from "./version.ts";

const SPEC = "https://openlineage.io/spec";
const PRODUCER = `urn:cairn:${VERSION}`;

const facet = (name: string, version: string) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/facets/${version}/${name}.json#/$defs/${name}`,
});

/** What runs tell of: never an address or a title, which would outlive an erasure. */
export type Dataset = {
  readonly name: string;
  /** Of the data that was read. */
  readonly version?: string;
  /** Of the data that was written: passages and documents. */
  readonly statistics?: { readonly rowCount?: number; readonly fileCount: number };
};
export type RunEvent = {
  readonly id: string;
  readonly type: "START" | "COMPLETE" | "FAIL" | "ABORT";
  /** A UUID, the same for all events of a run. */
  readonly runId: string;
  readonly tenant: string;
  readonly job: "ingest" | "reindex" | "evaluate" | "erase";
  readonly inputs?: readonly Dataset[];
  readonly outputs?: readonly Dataset[];
  /** Milliseconds since 1970. */
  readonly at: number;
};

/** A run event of OpenLineage 2-0-2. */
export function openLineageEvent({ type, runId, tenant, job, inputs = [], outputs = [], at }: RunEvent): object {
  const namespace = `cairn:${tenant}`;
  return {
    eventType: type,
    eventTime: new Date(at).toISOString(),
    run: { runId },
    job: {
      namespace,
      name: job,
      facets: {
        jobType: {
          ...facet("JobTypeJobFacet", "2-0-4"),
          ...{ processingType: "BATCH", integration: "CAIRN", jobType: "JOB" },
        },
      },
    },
    inputs: inputs.map(({ name, version }) => ({
      namespace,
      name,
      ...(version !== undefined && {
        facets: { version: { ...facet("DatasetVersionDatasetFacet", "1-0-1"), datasetVersion: version } },
      }),
    })),
    outputs: outputs.map(({ name, statistics }) => ({
      namespace,
      name,
      ...(statistics && {
        outputFacets: { outputStatistics: { ...facet("OutputStatisticsOutputDatasetFacet", "1-0-2"), ...statistics } },
      }),
    })),
    producer: PRODUCER,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
  };
}

/** Tells of a run in the transaction that begins or ends it. */
export const postRun = (sql: Sql, event: RunEvent): Promise<void> =>
  post(sql, {
    ...{ id: event.id, tenant: event.tenant, at: event.at },
    ...{ topic: "openlineage", body: openLineageEvent(event) },
  });
