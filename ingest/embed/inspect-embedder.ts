import { AppError } from "#shared/errors.ts";
import type { Embed } from "#shared/gateway-embed.ts";
import type { Generation } from "#shared/index.ts";
import type { Language } from "#shared/language.ts";
import { dot, unitVector } from "#shared/unit-vector.ts";

type Manifest = Generation["manifest"];

/** For each language, questions and what answers them, in the same order. A model that knows it tells them apart. */
const PROBES: Readonly<Record<Language, readonly (readonly [question: string, passage: string])[]>> = {
  en: [
    ["When do swallows leave for the south?", "The birds fly to warmer countries in autumn."],
    ["How is bread baked?", "The dough rests for an hour and then goes into the oven."],
    ["What does a lighthouse do?", "At night its lamp shows ships where the rocks are."],
  ],
  zh: [
    ["燕子什么时候飞往南方？", "秋天，这些鸟会飞到温暖的国家去。"],
    ["面包是怎样烤的？", "面团醒发一小时，然后放进烤箱。"],
    ["灯塔有什么用？", "夜里，它的灯光告诉船只礁石在哪里。"],
  ],
};

/**
 * What a generation has to say of the embedder of today: its name, dimensions and the languages that it knows, which
 * are tried out: in a language that it does not know its vectors would only disturb. Resolves to an empty record where
 * the gateway has no embedding model. Rejects with a retryable `AppError` while it cannot be asked.
 */
export async function inspectEmbedder(embed: Embed, signal: AbortSignal): Promise<Manifest> {
  const known: string[] = [];
  let found: { readonly embedder: string; readonly dimensions: number } | undefined;
  for (const [language, probes] of Object.entries(PROBES)) {
    const [questions, passages] = [probes.map(([question]) => question), probes.map(([, passage]) => passage)];
    try {
      const asked = await embed("query", questions, signal);
      const given = await embed("passage", passages, signal);
      const [first] = given.vectors;
      if (asked.by.embedder !== given.by.embedder) {
        throw new AppError("unavailable", "The embedding model is being replaced. Try again.");
      }
      found = { embedder: given.by.embedder, dimensions: first!.values.length };
      if (tellsApart(asked.vectors.map(valuesOf), given.vectors.map(valuesOf))) known.push(language);
    } catch (error) {
      if (error instanceof AppError && error.code === "model_not_found") return {};
      throw error;
    }
  }
  const { embedder, dimensions } = found!;
  return { embedder, dimensions: String(dimensions), languages: known.join(" ") };
}

const valuesOf = ({ values }: { readonly values: Float32Array }): Float32Array => unitVector(values);

/** Whether each question is nearest to its own passage. */
function tellsApart(questions: readonly Float32Array[], passages: readonly Float32Array[]): boolean {
  return questions.every((question, i) => {
    const scores = passages.map((passage) => dot(question, passage));
    return scores.every((score, j) => j === i || score < scores[i]!);
  });
}
