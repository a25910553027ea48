import type { Dashboard } from "./dashboard.ts";
import { rate, share } from "./queries.ts";

const answers = rate("cairn_answers_total");

export const quality: Dashboard = {
  uid: "cairn-quality",
  title: "quality",
  panels: [
    {
      title: "Refused for want of evidence",
      why: "A rise after new documents or a new release is drift: people ask what is not there, or it is not found any more.",
      unit: "percentunit",
      queries: { no_evidence: share(rate("cairn_answers_total", "", 'outcome="no_evidence"'), answers) },
    },
    {
      title: "Answered in part",
      why: "Answers with a sentence that no source supports.",
      unit: "percentunit",
      queries: { partial: share(rate("cairn_answers_total", "", 'outcome="partial"'), answers) },
    },
    {
      title: "Invented citation markers",
      why: "Markers of a model that point to no evidence, by answer. They are removed; a model that makes many is a bad one.",
      unit: "short",
      queries: { "markers by answer": share(rate("cairn_removed_markers_total"), answers) },
    },
    {
      title: "Left before the end",
      why: "Aborted streams: the answer was too slow, too long or not wanted.",
      unit: "percentunit",
      queries: { aborted: share(rate("cairn_answers_total", "", 'outcome="aborted"'), answers) },
    },
    {
      title: "Answered by the fallback",
      why: "Tries of upstreams that ended well. The extractive model answers when model servers do not.",
      unit: "percentunit",
      queries: {
        "{{upstream}}":
          rate("cairn_gateway_attempts_total", "upstream", 'outcome="ok"') +
          ` / ignoring (upstream) group_left ${rate("cairn_gateway_attempts_total", "", 'outcome="ok"')}`,
      },
    },
    {
      title: "Shadow comparisons",
      why: "Copies of requests that another model answered, and how they compare.",
      unit: "reqps",
      queries: { "{{upstream}} {{outcome}}": rate("cairn_gateway_shadow_total", "upstream, outcome") },
    },
  ],
};
