import { isDeepStrictEqual } from "node:util";
import { AppError } from "#shared/errors.ts";
import type { Clock } from "../clock.ts";
import type { BreakerState } from "./breaker.ts";
import { createLiveModel, type LiveModel } from "./live-model.ts";
import { type LiveUpstream, liveUpstream } from "./live-upstream.ts";
import type { ModelSettings, RouteTable } from "./route-table.ts";

export type RouteEvents = {
  readonly onBreaker: (upstream: string, state: BreakerState) => void;
};

/** The routes as they run: they outlive the table they came from, so that a reload interrupts nobody. */
export type LiveRoutes = {
  /** The model of an alias, or `model_not_found` naming those there are. */
  find(alias: string, kind: ModelSettings["kind"]): LiveModel;
  list(): LiveModel[];
  upstreams(): LiveUpstream[];
  /** The upstream that gets a copy of this request, by the share of the route. */
  shadowOf(model: LiveModel): LiveUpstream | undefined;
  apply(table: RouteTable): void;
  /** New work is refused; what runs or waits goes on. */
  closeQueues(): void;
  close(): Promise<void>;
};

export function createLiveRoutes(table: RouteTable, clock: Clock, roll: () => number, events: RouteEvents): LiveRoutes {
  const upstreams = new Map<string, LiveUpstream>();
  const models = new Map<string, LiveModel>();
  const leaving = new Set<LiveUpstream>();

  const pump = (): void => {
    for (const model of models.values()) model.admission.pump();
    for (const upstream of leaving) {
      if (upstream.inFlight > 0) continue;
      leaving.delete(upstream);
      void upstream.close();
    }
  };
  const apply = ({ upstreams: settings, models: wanted }: RouteTable): void => {
    for (const [name, upstream] of upstreams) {
      const next = settings.get(name);
      if (next && isDeepStrictEqual(next, upstream.settings)) continue;
      upstreams.delete(name);
      leaving.add(upstream);
    }
    for (const [name, next] of settings) {
      if (!upstreams.has(name)) upstreams.set(name, liveUpstream(next, clock, events.onBreaker, pump));
    }
    for (const [alias, model] of models) {
      if (wanted.has(alias)) continue;
      models.delete(alias);
      // Who waits for it is told at once; what runs goes on.
      model.apply({ ...model.settings, tiers: [] }, []);
      model.admission.pump();
    }
    for (const [alias, next] of wanted) {
      const tiers = next.tiers.map((tier) =>
        tier.map((arm) => ({ weight: arm.weight, members: arm.upstreams.map((name) => upstreams.get(name)!) })),
      );
      const known = models.get(alias);
      if (known) known.apply(next, tiers);
      else models.set(alias, createLiveModel(next, tiers, { clock, roll, onFreed: pump }));
    }
    pump();
  };
  apply(table);

  return {
    find(alias, kind) {
      const model = models.get(alias);
      if (model?.settings.kind === kind) return model;
      const known = [...models.values()].filter(({ settings }) => settings.kind === kind);
      const names = known.map(({ settings }) => settings.alias).join(", ") || "none";
      const what = `There is no model "${alias.slice(0, 100)}" for this route. Available: ${names}.`;
      throw new AppError("model_not_found", what, { param: "model" });
    },
    list: () => [...models.values()],
    upstreams: () => [...upstreams.values()],
    shadowOf({ settings: { shadow } }) {
      return shadow && roll() < shadow.share ? upstreams.get(shadow.upstream) : undefined;
    },
    apply,
    closeQueues: () => {
      for (const { admission } of models.values()) admission.close();
    },
    async close() {
      await Promise.all([...upstreams.values(), ...leaving].map((upstream) => upstream.close()));
    },
  };
}
