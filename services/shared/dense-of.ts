import type { Generation, Legs } from "./index.ts";

/** What a search says of the generation's vectors. */
export const denseOf = ({ embedder, languages }: Generation["manifest"]): Pick<Legs, "embedder" | "languages"> => ({
  embedder,
  languages: languages?.split(" "),
});
