import type { Dashboard } from "./dashboard.ts";
import { NS, rate, share } from "./queries.ts";

const GPUS = `sum(kube_pod_container_resource_requests{${NS},resource="nvidia_com_gpu"})`;
const TOKENS = rate("vllm:generation_tokens_total");

export const inferenceAndCost: Dashboard = {
  uid: "cairn-inference-and-cost",
  title: "inference and GPU cost",
  panels: [
    {
      title: "Demand and what it calls for",
      why: "Requests that wait or run, and the model servers there are and should be.",
      unit: "short",
      queries: {
        "demand {{model}}": `sum by (model) (cairn_gateway_demand{${NS}})`,
        "queued {{model}}": `sum by (model) (cairn_gateway_queued{${NS}})`,
        wanted: `sum(kube_horizontalpodautoscaler_status_desired_replicas{${NS},horizontalpodautoscaler=~"(keda-hpa-)?inference"})`,
        ready: `sum(kube_deployment_status_replicas_ready{${NS},deployment="inference"})`,
      },
    },
    {
      title: "Requests in the engines",
      why: "What the engines themselves run and let wait.",
      unit: "short",
      queries: {
        running: `sum(vllm:num_requests_running{${NS}})`,
        waiting: `sum(vllm:num_requests_waiting{${NS}})`,
      },
    },
    {
      title: "Tokens for each second of a GPU",
      why: "GPUs cost the same busy or idle: this is what they are paid for.",
      unit: "short",
      queries: { "all tokens": share(TOKENS, GPUS) },
    },
    {
      title: "Goodput for each second of a GPU",
      why: "The same, of the share of answers whose first token came in time. Falls when more load only makes all wait.",
      unit: "short",
      queries: {
        "in time": `${share(TOKENS, GPUS)} * ${share(
          rate("cairn_gateway_time_to_first_token_seconds_bucket", "", 'le="2.5"'),
          rate("cairn_gateway_time_to_first_token_seconds_count"),
        )}`,
      },
    },
    {
      title: "Energy of a token",
      why: "The GPUs' own meter (millijoules), divided by what they wrote.",
      unit: "joule",
      queries: {
        "J for a token": share(`sum(rate(DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION[$__rate_interval])) / 1000`, TOKENS),
      },
    },
    {
      title: "How busy the GPUs are",
      why: "Engine, tensor cores and memory. Utilisation as nvidia-smi shows it says little: one request makes it 90 %.",
      unit: "percentunit",
      queries: {
        engine: "avg(DCGM_FI_PROF_GR_ENGINE_ACTIVE)",
        "tensor cores": "avg(DCGM_FI_PROF_PIPE_TENSOR_ACTIVE)",
        memory: "avg(DCGM_FI_PROF_DRAM_ACTIVE)",
      },
    },
    {
      title: "Key-value cache",
      why: "Full caches make requests preempt each other.",
      unit: "percentunit",
      objective: 0.95,
      queries: { "{{pod}}": `max by (pod) (vllm:kv_cache_usage_perc{${NS}})` },
    },
    {
      title: "Cost and tokens by the route file's prices",
      why: "For models that are paid by the token.",
      unit: "short",
      queries: {
        "cost an hour {{model}}": `${rate("cairn_gateway_cost_total", "model")} * 3600`,
        "tokens {{model}} {{kind}}": rate("cairn_gateway_tokens_total", "model, kind"),
      },
    },
    {
      title: "Model servers out of rotation",
      why: "2 is open: no requests but probes.",
      unit: "short",
      queries: { "{{upstream}}": `max by (upstream) (cairn_gateway_breaker_state{${NS}})` },
    },
    {
      title: "The gateway's own time",
      why: "Before the first byte, without queue and model.",
      unit: "s",
      queries: {
        p99: `histogram_quantile(0.99, ${rate("cairn_gateway_overhead_seconds_bucket", "le")})`,
        "retries a second": rate("cairn_gateway_retries_total"),
      },
    },
  ],
};
