import type { RunSuite } from "../results.ts";

/** Which models answered, and how often: a server that fell back to another model shows here. Empty without answers. */
export function answeredBy({ questions }: RunSuite): string {
  const models = questions.flatMap(({ observation: { answer } }) =>
    answer ? [answer.models.length === 0 ? "no model" : answer.models.join(" + ")] : [],
  );
  return [...Map.groupBy(models, (model) => model)]
    .map(([model, { length }]) => `${model} ${length}`)
    .sort()
    .join(", ");
}
