import { sha256 } from "#shared/digest.ts";
import type { Part } from "#shared/lineage/answer-statement.ts";
import type { Release } from "#shared/release.ts";
import { VERSION } from "#shared/version.ts";

/** A model that has answered with the release. */
export type UsedModel = { readonly name: string; readonly digest: string | null };

export type BomInput = {
  readonly release: Release;
  readonly models: readonly UsedModel[];
  /** What texts were cut and tokenised with: the manifest of the live index generation. */
  readonly index: Readonly<Record<string, string>>;
  /** Of the process that runs now; absent for a release of the past, which ran with other code. */
  readonly parts: readonly Part[];
  /** When the release was first in use here, in milliseconds. */
  readonly firstUsedAt: number;
};

const hashes = (digest: string) => [{ alg: "SHA-256", content: digest }];
const property = (name: string, value: string | number | boolean) => ({ name: `cairn:${name}`, value: String(value) });

/**
 * The bill of materials of a release as CycloneDX 1.6, with everything that decides its answers: prompt, settings,
 * models by what has really answered, index, code and runtime. The same release gives the same bytes until another
 * model answers. https://cyclonedx.org/docs/1.6/json
 */
export function releaseBom({ release, models, index, parts, firstUsedAt }: BomInput): object {
  const { digest, name, instructions, promptDigest, ...settings } = release;
  const root = `release:${digest}`;
  const components = [
    {
      ...{ type: "data", "bom-ref": `prompt:${promptDigest}`, name: settings.prompts.answer },
      ...{ description: "Instructions for the model", hashes: hashes(promptDigest), data: [{ type: "configuration" }] },
    },
    {
      ...{ type: "data", "bom-ref": `settings:${digest}`, name: "release.json" },
      description: "Retrieval settings, thresholds and generation parameters",
      data: [{ type: "configuration", contents: { attachment: { content: JSON.stringify(settings) } } }],
    },
    ...models.map((model) => modelOf(model, settings.models.chat)),
    {
      ...{ type: "data", "bom-ref": "index", name: "search index", description: "What the index was built with" },
      ...{ data: [{ type: "dataset" }], properties: Object.entries(index).map(([key, value]) => property(key, value)) },
    },
    ...parts.map((part) => ({
      ...{ type: part.name === "runtime" ? "platform" : "application", "bom-ref": part.name, name: part.name },
      ...{ hashes: hashes(part.digest.sha256), properties: [property("assurance", part.annotations.assurance)] },
    })),
  ];
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    ...{ bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: serialOf(components), version: 1 },
    metadata: {
      timestamp: new Date(firstUsedAt).toISOString(),
      tools: { components: [{ type: "application", name: "cairn", version: VERSION }] },
      component: {
        ...{ type: "application", "bom-ref": root, name: `cairn-release-${name}`, version: digest.slice(0, 12) },
        hashes: hashes(digest),
      },
    },
    components,
    dependencies: [{ ref: root, dependsOn: components.map((component) => component["bom-ref"]) }],
  };
}

function modelOf({ name, digest }: UsedModel, alias: string) {
  return {
    ...{ type: "machine-learning-model", "bom-ref": `model:${name}`, name },
    ...(digest !== null && { hashes: hashes(digest) }),
    modelCard: { modelParameters: { task: "text generation" } },
    properties: [property("alias", alias), property("measured", digest !== null)],
  };
}

/** A UUID made of the content, so that two bills with one number say the same. */
function serialOf(components: readonly object[]): string {
  const hex = sha256(JSON.stringify(components));
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${groups.join("-")}`;
}
