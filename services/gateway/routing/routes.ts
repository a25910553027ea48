import { AppError } from "#shared/errors.ts";
import type { Upstream } from "../upstreams/upstream.ts";

/** A model alias and who serves it: every upstream of a tier comes before the next tier's. */
export type Route = { readonly alias: string; readonly tiers: readonly (readonly Upstream[])[] };

/** The route of a model alias, or `model_not_found` naming those there are. */
export function findRoute(routes: readonly Route[], model: string): Route {
  const route = routes.find(({ alias }) => alias === model);
  if (route) return route;
  const known = routes.map(({ alias }) => alias).join(", ");
  const what = `There is no model "${model.slice(0, 100)}" here. Available: ${known}.`;
  throw new AppError("model_not_found", what, { param: "model" });
}
