import type { AnswerStatement, EvidenceDependency, Part } from "#shared/lineage/answer-statement.ts";
import type { Check, Verification } from "#shared/lineage/verify-bundle.ts";
import { excerpt, oneLine } from "./printable.ts";

const TEXT_CHARS = 200;
const DIGEST_CHARS = 12;
const RESULTS: Readonly<Record<Check["result"], string>> = {
  ok: "ok",
  failed: "FAILED",
  erased: "ERASED",
  skipped: "not checked",
};
const LEVELS = {
  L1: "recorded",
  L2: "signed",
  L3: "signed, attested and in the log",
} as const;

/** A verification as a person reads it: the verdict, what was checked, what the answer was made with, what is not proven. */
export function verificationReport(verification: Verification, keysFrom: string): string[] {
  const { ok, level, checks, statement, bundle } = verification;
  const verdict =
    ok && level ? `VERIFIED, level ${level}: ${LEVELS[level]}.` : "NOT VERIFIED. Do not rely on this file.";
  const width = Math.max(...checks.map(({ property }) => property.length));
  const lines = checks.map(
    ({ property, result, detail }) => `  ${property.padEnd(width)}  ${RESULTS[result].padEnd(11)}  ${oneLine(detail)}`,
  );
  const { question, answer } = bundle?.openings ?? {};
  const said = (opening: typeof answer): string[] =>
    typeof opening === "object" ? [`“${excerpt(opening.text, TEXT_CHARS)}”`] : [(opening ?? "").toUpperCase()];
  return [
    verdict,
    "",
    "Checked",
    ...lines,
    `  The keys come from ${oneLine(keysFrom)}.`,
    ...(statement ? ["", ...madeOf(statement)] : []),
    ...(statement && bundle ? ["", `Question  ${said(question).join("")}`, `Answer    ${said(answer).join("")}`] : []),
    "",
    "Not proven: that the answer is true, that whoever runs Cairn was honest, and that a provider of a declared model",
    "served the model that it names.",
  ];
}

function madeOf({ predicate }: AnswerStatement): string[] {
  const { buildDefinition, runDetails, model, outcome } = predicate;
  const { invocationId, finishedOn } = runDetails.metadata;
  const dependencies = buildDefinition.resolvedDependencies;
  const cited = new Set(predicate.claims.map(({ marker }) => `evidence:${marker}`));
  return [
    `Answer ${invocationId}, ${outcome}, ${finishedOn}`,
    ...dependencies.filter((one): one is Part => !one.name.startsWith("evidence:")).map(partLine),
    model
      ? `  model          ${oneLine(`${model.model} at ${model.upstream}`)}, ${model.assurance}${short(model.digest?.sha256)}`
      : "  model          none was asked",
    ...dependencies
      .filter((one): one is EvidenceDependency => one.name.startsWith("evidence:"))
      .map((one) => `  ${one.name.padEnd(13)}  ${sourceOf(one)}, ${cited.has(one.name) ? "cited" : "read, not cited"}`),
  ];
}

function partLine({ name, uri, digest, annotations }: Part): string {
  const { title, assurance, matches } = annotations;
  const named = [title, uri].filter((text) => text !== undefined).map(oneLine);
  const differs = matches === false ? ", DIFFERS from what it should be" : "";
  return `  ${name.padEnd(13)}  ${[...named, assurance].join(", ")}${differs}${short(digest.sha256)}`;
}

/** By ids: names end with an erasure, so a record does not hold them. */
const sourceOf = ({ annotations: { document_id, version_id, start, end } }: EvidenceDependency): string =>
  oneLine(`document ${document_id}, version ${version_id}, characters ${start} to ${end}`);

const short = (hex: string | undefined): string => (hex ? `, sha256:${hex.slice(0, DIGEST_CHARS)}…` : "");
