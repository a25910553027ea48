/**
 * Series of programs that are not ours, with where their names are written down. A query may use no others: a name that
 * an exporter gave up (`gpu_cache_usage_perc`) would leave a panel empty and an alert silent.
 */
export const EXTERNAL_SERIES: Readonly<Record<string, readonly string[]>> = {
  "kube-state-metrics 2.15, docs/metrics": [
    "kube_cronjob_created",
    "kube_cronjob_status_last_successful_time",
    "kube_deployment_spec_replicas",
    "kube_deployment_status_replicas_ready",
    "kube_horizontalpodautoscaler_status_condition",
    "kube_horizontalpodautoscaler_status_current_replicas",
    "kube_horizontalpodautoscaler_status_desired_replicas",
    "kube_horizontalpodautoscaler_spec_max_replicas",
    "kube_horizontalpodautoscaler_spec_min_replicas",
    "kube_pod_status_phase",
    "kube_pod_container_resource_requests",
  ],
  "vLLM 0.19, docs/design/metrics": [
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:kv_cache_usage_perc",
    "vllm:generation_tokens_total",
  ],
  "DCGM exporter 4, etc/default-counters.csv": [
    "DCGM_FI_DEV_XID_ERRORS",
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
    "DCGM_FI_PROF_DRAM_ACTIVE",
  ],
};
