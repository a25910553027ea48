import type { Dashboard } from "./dashboard.ts";
import { NS } from "./queries.ts";

/** A counter of a pod, by the release that the pod serves. */
const byRelease = (series: string, match = ""): string =>
  `sum by (release) (sum by (namespace, pod) (rate(${series}{${NS}${match && `,${match}`}}[$__rate_interval]))` +
  ` * on (namespace, pod) group_left (release) cairn_release_info{${NS}})`;

export const releaseComparison: Dashboard = {
  uid: "cairn-release-comparison",
  title: "release comparison",
  panels: [
    {
      title: "Pods by release",
      why: "Which prompts, thresholds and models are in use.",
      unit: "short",
      queries: { "{{release}}": `count by (release) (cairn_release_info{${NS}})` },
    },
    {
      title: "Answers by release",
      why: "Both lines get comparable questions as long as balancing is even.",
      unit: "reqps",
      queries: { "{{release}}": byRelease("cairn_answers_total") },
    },
    {
      title: "Refused by release",
      why: "A release that refuses more found less, or guesses less.",
      unit: "percentunit",
      queries: {
        "{{release}}": `${byRelease("cairn_answers_total", 'outcome="no_evidence"')} / ${byRelease("cairn_answers_total")}`,
      },
    },
    {
      title: "Failed by release",
      why: "The gate of a rollout.",
      unit: "percentunit",
      objective: 0.005,
      queries: {
        "{{release}}": `${byRelease("cairn_answers_total", 'outcome="error"')} / ${byRelease("cairn_answers_total")}`,
      },
    },
    {
      title: "Invented markers by release",
      why: "Citation markers without evidence, by answer.",
      unit: "short",
      queries: { "{{release}}": `${byRelease("cairn_removed_markers_total")} / ${byRelease("cairn_answers_total")}` },
    },
    {
      title: "Retrieval by release",
      why: "Mean time of search, fusion and second gate.",
      unit: "s",
      queries: {
        "{{release}}": `${byRelease("cairn_retrieval_duration_seconds_sum")} / ${byRelease("cairn_retrieval_duration_seconds_count")}`,
      },
    },
    {
      title: "Tries by model server",
      why: "The arms of a canary: how many requests each gets.",
      unit: "reqps",
      queries: {
        "{{upstream}}": `sum by (upstream) (rate(cairn_gateway_attempts_total{${NS}}[$__rate_interval]))`,
      },
    },
    {
      title: "Failed tries by model server",
      why: "Abort the canary when its line is above the other's.",
      unit: "percentunit",
      queries: {
        "{{upstream}}":
          `sum by (upstream) (rate(cairn_gateway_attempts_total{${NS},outcome!~"ok|aborted"}[$__rate_interval]))` +
          ` / sum by (upstream) (rate(cairn_gateway_attempts_total{${NS}}[$__rate_interval]))`,
      },
    },
  ],
};
