import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { fastHistogram } from "./fast-metrics.ts";

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric Cairn has. Labels come from closed sets: never a tenant, a question or a document. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    httpSeconds: fastHistogram(
      registry,
      "cairn_http_request_duration_seconds",
      "Time to answer a request, by route pattern.",
      ["service", "method", "route", "status"],
      SECONDS,
    ),
    openStreams: new Gauge({ name: "cairn_open_streams", help: "Streams being sent now.", registers }),
    answers: new Counter({
      name: "cairn_answers_total",
      help: "Answers by outcome.",
      labelNames: ["outcome"],
      registers,
    }),
    release: new Gauge({
      name: "cairn_release_info",
      help: "1 for the release that this process answers with.",
      labelNames: ["release"],
      registers,
    }),
    records: new Counter({ name: "cairn_lineage_records_total", help: "Lineage records written.", registers }),
    unsequencedLeaves: new Gauge({
      name: "cairn_log_unsequenced_leaves",
      help: "Leaves of the lineage logs that wait for their place in the tree.",
      registers,
    }),
    logSecondsBehind: new Gauge({
      name: "cairn_log_seconds_behind",
      help: "Age of the oldest leaf that waits for its place in the tree.",
      registers,
    }),
    removedMarkers: new Counter({
      name: "cairn_removed_markers_total",
      help: "Citation markers of a model that pointed to no evidence and were removed.",
      registers,
    }),
    retrievalSeconds: new Histogram({
      name: "cairn_retrieval_duration_seconds",
      help: "Search, fusion and second gate.",
      buckets: SECONDS,
      registers,
    }),
    gateRejections: new Counter({
      name: "cairn_second_gate_rejections_total",
      help: "Search hits that the database did not confirm.",
      registers,
    }),
    indexWarm: new Gauge({
      name: "cairn_index_warm",
      help: "1 once what searches read is in memory. Before, a question waits for it.",
      registers,
    }),
    jobs: new Counter({ name: "cairn_jobs_total", help: "Ingestion jobs ended.", labelNames: ["outcome"], registers }),
    indexDrift: new Counter({
      name: "cairn_index_drift_total",
      help: "Document versions that index and database did not agree on, and that reconciliation repaired.",
      labelNames: ["repair"],
      registers,
    }),
    blobDrift: new Counter({
      name: "cairn_blob_drift_total",
      help: "Stored files of versions that do not exist any more, removed by reconciliation.",
      registers,
    }),
    blobsMissing: new Gauge({
      name: "cairn_blobs_missing",
      help: "Document versions without a stored file that they should have, at the last reconciliation.",
      registers,
    }),
    reconciledAt: new Gauge({
      name: "cairn_reconciled_timestamp_seconds",
      help: "When database, index and stored files were last compared.",
      registers,
    }),
    chunksWithoutVector: new Gauge({
      name: "cairn_chunks_without_vector",
      help: "Passages that wait for their vector; they are found by their words.",
      registers,
    }),
    embeddedChunks: new Counter({
      name: "cairn_embedded_chunks_total",
      help: "Passages that were given a vector.",
      registers,
    }),
    denseLeg: new Counter({
      name: "cairn_dense_leg_total",
      help: "Searches of an index with vectors, by what became of the search by vectors.",
      labelNames: ["outcome"],
      registers,
    }),
    jobSeconds: new Histogram({
      name: "cairn_job_duration_seconds",
      help: "Work on one job.",
      buckets: SECONDS,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
