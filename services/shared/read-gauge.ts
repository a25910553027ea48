import type { Metric, Registry } from "prom-client";

/**
 * A gauge that is read when somebody asks for metrics. When it cannot be read the series is absent: an autoscaler
 * then holds still and an alert tells, where a zero would scale down what is still needed.
 */
export function readGauge(registry: Registry, name: string, help: string, read: () => Promise<number>): void {
  const get = async (): Promise<object> => {
    const values = await read().then(
      (value) => [{ labels: {}, value }],
      () => [],
    );
    return { name, help, type: "gauge", aggregator: "max", values };
  };
  registry.registerMetric({ name, get, reset: () => {} } as unknown as Metric);
}
