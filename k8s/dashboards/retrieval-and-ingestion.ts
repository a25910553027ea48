import type { Dashboard } from "./dashboard.ts";
import { NS, quantiles, rate, share } from "./queries.ts";

export const retrievalAndIngestion: Dashboard = {
  uid: "cairn-retrieval-and-ingestion",
  title: "retrieval and ingestion",
  panels: [
    {
      title: "Search, fusion and second gate",
      why: "Time from the question to the evidence.",
      unit: "s",
      queries: quantiles("cairn_retrieval_duration_seconds"),
    },
    {
      title: "Refused by the second gate",
      why: "Passages a question that the index proposed and the database forbids: an index that lags behind.",
      unit: "short",
      objective: 1,
      queries: {
        rejected: share(rate("cairn_second_gate_rejections_total"), rate("cairn_retrieval_duration_seconds_count")),
      },
    },
    {
      title: "Jobs that wait",
      why: "The workers scale on them.",
      unit: "short",
      queries: { ready: `max(cairn_jobs_ready{${NS}})`, "given up": `max(cairn_jobs_dead{${NS}})` },
    },
    {
      title: "Age of the oldest job",
      why: "How long a document waits. A page is sent at 15 minutes.",
      unit: "s",
      objective: 900,
      queries: { oldest: `max(cairn_jobs_oldest_ready_seconds{${NS}})` },
    },
    {
      title: "Jobs ended",
      why: "done, retry (will be tried again), dead (given up).",
      unit: "reqps",
      queries: { "{{outcome}}": rate("cairn_jobs_total", "outcome") },
    },
    {
      title: "Time of a job",
      why: "Parsing, cutting and writing one document.",
      unit: "s",
      queries: quantiles("cairn_job_duration_seconds"),
    },
    {
      title: "Repairs between index, files and database",
      why: "Versions that did not agree, since each worker's start.",
      unit: "short",
      queries: {
        "{{repair}}": `sum by (repair) (cairn_index_drift_total{${NS}})`,
        "files removed": `sum(cairn_blob_drift_total{${NS}})`,
        "files missing": `max(cairn_blobs_missing{${NS}})`,
      },
    },
    {
      title: "Memory",
      why: "Against the limit, above which the kernel kills the process.",
      unit: "bytes",
      queries: { "{{pod}}": `sum by (pod) (process_resident_memory_bytes{${NS}})` },
    },
  ],
};
