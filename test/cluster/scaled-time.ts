import { ALERTS, type Rule } from "../helpers/monitoring.ts";

/** The autoscaler looks every 2 s here instead of every 15: all its windows and periods, and how long an alert waits. */
export const TIME_SCALE = 7.5;

type Behavior = { scaleUp: Side; scaleDown: Side };
type Side = { stabilizationWindowSeconds: number; policies: { type: string; value: number; periodSeconds: number }[] };

/** So many seconds in the time of these tests. */
export const scaled = (seconds: number): number => Math.max(1, Math.round(seconds / TIME_SCALE));

/** The same numbers of pods in shorter times. */
export function inScaledTime({ scaleUp, scaleDown }: Behavior): Behavior {
  const side = ({ stabilizationWindowSeconds, policies, ...rest }: Side): Side => ({
    ...rest,
    stabilizationWindowSeconds: stabilizationWindowSeconds === 0 ? 0 : scaled(stabilizationWindowSeconds),
    policies: policies.map((policy) => ({ ...policy, periodSeconds: scaled(policy.periodSeconds) })),
  });
  return { scaleUp: side(scaleUp), scaleDown: side(scaleDown) };
}

/** The alerts about scaling, which fire as much sooner. */
export function scaledRules(): { groups: { name: string; rules: Rule[] }[] } {
  const rules = ALERTS.filter(({ expr }) => /cairn_gateway_(demand|queued)|kube_pod_status_phase/.test(expr)).map(
    (rule) => ({
      ...rule,
      ...("for" in rule && { for: `${scaled(Number.parseInt(String(rule.for), 10) * 60)}s` }),
    }),
  );
  return { groups: [{ name: "scaled", rules }] };
}
