import type { Dashboard } from "./dashboard.ts";
import { NS, quantiles, rate, share } from "./queries.ts";

export const userExperience: Dashboard = {
  uid: "cairn-user-experience",
  title: "user experience",
  panels: [
    {
      title: "Answers by outcome",
      why: "What people get. A refusal without evidence is an answer, a failure is none.",
      unit: "reqps",
      queries: { "{{outcome}}": rate("cairn_answers_total", "outcome") },
    },
    {
      title: "Answers that fail",
      why: "The error budget is 0.5 % in 30 days.",
      unit: "percentunit",
      objective: 0.005,
      queries: { failed: share(rate("cairn_answers_total", "", 'outcome="error"'), rate("cairn_answers_total")) },
    },
    {
      title: "Time to the first token",
      why: "From the request at the gateway to the first words. The objective is 2.5 s for 95 %.",
      unit: "s",
      objective: 2.5,
      queries: quantiles("cairn_gateway_time_to_first_token_seconds"),
    },
    {
      title: "Time for each further token",
      why: "Above 0.1 s people read faster than it comes.",
      unit: "s",
      objective: 0.1,
      queries: quantiles("cairn_gateway_time_per_output_token_seconds"),
    },
    {
      title: "Waiting for a model server",
      why: "Time in the gateway's queue: what more pods would take away.",
      unit: "s",
      queries: quantiles("cairn_gateway_queue_seconds"),
    },
    {
      title: "Requests that fail, by service",
      why: "5xx, of which the person sees an error.",
      unit: "percentunit",
      queries: {
        "{{service}}": share(
          rate("cairn_http_request_duration_seconds_count", "service", 'status=~"5.."'),
          rate("cairn_http_request_duration_seconds_count", "service"),
        ),
      },
    },
    {
      title: "Open streams",
      why: "Answers that are being sent. The retrieval API scales on them.",
      unit: "short",
      queries: { "{{pod}}": `sum by (pod) (cairn_open_streams{${NS}})` },
    },
    {
      title: "Turned away by the gateway",
      why: "429: a limit or a full queue. 503: nobody serves the model.",
      unit: "reqps",
      queries: {
        "{{status}}": rate(
          "cairn_http_request_duration_seconds_count",
          "status",
          'service="gateway",status=~"429|503"',
        ),
      },
    },
  ],
};
