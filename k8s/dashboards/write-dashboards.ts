import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dashboard, toGrafana } from "./dashboard.ts";
import { inferenceAndCost } from "./inference-and-cost.ts";
import { lineageAndCompliance } from "./lineage-and-compliance.ts";
import { quality } from "./quality.ts";
import { releaseComparison } from "./release-comparison.ts";
import { retrievalAndIngestion } from "./retrieval-and-ingestion.ts";
import { userExperience } from "./user-experience.ts";

const FOLDER = join(import.meta.dirname, "../components/monitoring/dashboards");

export const DASHBOARDS: readonly Dashboard[] = [
  userExperience,
  quality,
  retrievalAndIngestion,
  inferenceAndCost,
  lineageAndCompliance,
  releaseComparison,
];

export const textOf = (dashboard: Dashboard): string => `${JSON.stringify(toGrafana(dashboard), null, 1)}\n`;
export const fileOf = ({ uid }: Dashboard): string => join(FOLDER, `${uid}.json`);

// `npm run dashboards` writes them; a test compares what is there with what would be written.
if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const dashboard of DASHBOARDS) writeFileSync(fileOf(dashboard), textOf(dashboard));
}
