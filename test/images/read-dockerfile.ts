export type Step = { readonly verb: string; readonly text: string };
export type Stage = { readonly name: string; readonly from: string; readonly steps: readonly Step[] };

/** The stages of a Dockerfile, for the few instructions that ours has. */
export function readDockerfile(text: string): Stage[] {
  const stages: { name: string; from: string; steps: Step[] }[] = [];
  const lines = text.replaceAll(/\\\n/g, " ").split("\n");
  for (const line of lines.filter((each) => /^[A-Z]+ /.test(each))) {
    const [, verb, rest] = /^([A-Z]+) (.*)$/.exec(line)!;
    if (verb === "FROM") {
      const [, from, name] = /^(\S+) AS (\S+)$/.exec(rest!)!;
      stages.push({ name: name!, from: from!, steps: [] });
    } else stages.at(-1)!.steps.push({ verb: verb!, text: rest! });
  }
  return stages;
}
