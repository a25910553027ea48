import type { Dashboard } from "./dashboard.ts";
import { NS, rate } from "./queries.ts";

export const lineageAndCompliance: Dashboard = {
  uid: "cairn-lineage-and-compliance",
  title: "lineage and compliance",
  panels: [
    {
      title: "Answers without a record",
      why: "Since the start of each process. Anything above zero is an incident.",
      unit: "short",
      objective: 1,
      queries: {
        "{{pod}}": `sum by (pod) (cairn_answers_total{${NS}}) - sum by (pod) (cairn_lineage_records_total{${NS}})`,
      },
    },
    {
      title: "Records",
      why: "Every answer leaves one: refusals, failures and aborted streams too.",
      unit: "reqps",
      queries: { records: rate("cairn_lineage_records_total") },
    },
    {
      title: "The log behind the records",
      why: "Age of the oldest leaf without a place in the tree. A page is sent at five minutes.",
      unit: "s",
      objective: 300,
      queries: { behind: `max(cairn_log_seconds_behind{${NS}})` },
    },
    {
      title: "Leaves that wait",
      why: "Records that no checkpoint covers yet.",
      unit: "short",
      queries: { leaves: `max(cairn_log_unsequenced_leaves{${NS}})` },
    },
    {
      title: "Passages that the database refused",
      why: "Tenant, ACL, version or withdrawal forbade what the index proposed. None of them reached an answer.",
      unit: "reqps",
      queries: { refused: rate("cairn_second_gate_rejections_total") },
    },
    {
      title: "Callers turned away",
      why: "401: who are you? 403: you may not.",
      unit: "reqps",
      queries: {
        "{{service}} {{status}}": rate(
          "cairn_http_request_duration_seconds_count",
          "service, status",
          'status=~"401|403"',
        ),
      },
    },
  ],
};
