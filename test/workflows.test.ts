import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { OVERLAYS } from "./helpers/kustomize.ts";
import { readDockerfile } from "./images/read-dockerfile.ts";

type Workflow = {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    { permissions?: Record<string, string>; "timeout-minutes": number; steps: { uses?: string; run?: string }[] }
  >;
};
const WORKFLOWS = globSync(".github/workflows/*.yaml").map((file) => {
  const text = readFileSync(file, "utf8");
  return { file, text, workflow: parse(text) as Workflow };
});

test("actions are named by the digest of their commit, with the version beside it", () => {
  let seen = 0;
  for (const { file, text } of WORKFLOWS) {
    for (const [line] of text.matchAll(/uses: .*/g)) {
      expect(line, file).toMatch(/^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      seen += 1;
    }
  }
  expect(seen).toBeGreaterThan(8);
});

test("a workflow may do nothing but read, unless a job says what else it needs", () => {
  for (const { file, workflow } of WORKFLOWS) {
    expect(
      Object.values(workflow.permissions).filter((each) => each !== "read"),
      file,
    ).toEqual([]);
    for (const [name, job] of Object.entries(workflow.jobs)) {
      expect(job["timeout-minutes"], `${file} ${name}`).toBeGreaterThan(0);
      // Whoever may write must not run what a stranger sent.
      if (Object.values(job.permissions ?? {}).includes("write"))
        expect(workflow.on, file).not.toHaveProperty("pull_request");
    }
  }
});

test("nothing is built before checks, tests and the evaluation's gate have passed", () => {
  const { jobs } = WORKFLOWS.find(({ file }) => file.endsWith("release.yaml"))!.workflow as {
    jobs: Record<string, { needs?: string }>;
  };
  expect([jobs.image!.needs, jobs.overlays!.needs]).toEqual(["check", "image"]);
  expect(readFileSync(".ci/run", "utf8")).toMatch(/^npm run evals\b/m);
});

test("Dockerfile, Skaffold, the release and the overlays name the same four images", () => {
  const targets = readDockerfile(readFileSync("Dockerfile", "utf8"))
    .map(({ name }) => name)
    .filter((name) => !/^(build|base)$/.test(name))
    .sort();
  const skaffold = parse(readFileSync("skaffold.yaml", "utf8")) as {
    build: { artifacts: { image: string; docker: { target: string } }[] };
    manifests: { kustomize: { paths: string[] } };
  };
  expect(skaffold.build.artifacts.map(({ docker }) => docker.target).sort()).toEqual(targets);
  expect(skaffold.manifests.kustomize.paths).toEqual(["k8s/overlays/local"]);
  const names = skaffold.build.artifacts.map(({ image }) => image).sort();
  for (const overlay of OVERLAYS) {
    const { images } = parse(readFileSync(`k8s/${overlay}/kustomization.yaml`, "utf8")) as {
      images: { name: string }[];
    };
    expect(
      images
        .map(({ name }) => name)
        .filter((name) => name.startsWith("cairn/"))
        .sort(),
      overlay,
    ).toEqual(names);
  }
  const release = WORKFLOWS.find(({ file }) => file.endsWith("release.yaml"))!.text;
  for (const target of targets) expect(release).toContain(target);
});
