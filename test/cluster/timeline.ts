/** One look at everything, in seconds since the start. */
export type Sample = {
  readonly at: number;
  readonly demand: number;
  readonly wanted: number;
  readonly ready: number;
  /** Median of the last seconds, in milliseconds; absent when nothing was answered. */
  readonly queued: number;
};
export type Mark = { readonly at: number; readonly text: string };

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [960, 360, 56, 44, 40];

/** A picture of a run: demand above, pods below it as steps. Plain SVG that needs no script and no font. */
export function drawTimeline(samples: readonly Sample[], marks: readonly Mark[], target: number, note: string): string {
  const end = Math.max(...samples.map(({ at }) => at));
  const mostPods = Math.max(...samples.map(({ wanted, demand }) => Math.max(wanted, demand / target))) + 0.5;
  const x = (at: number): number => LEFT + (at / end) * (WIDTH - LEFT - 20);
  const y = (pods: number): number => HEIGHT - BOTTOM - (pods / mostPods) * (HEIGHT - BOTTOM - TOP);
  const line = (read: (sample: Sample) => number): string =>
    samples
      .map((sample, at) => `${at === 0 ? "M" : "L"}${x(sample.at).toFixed(1)} ${y(read(sample)).toFixed(1)}`)
      .join("");
  const steps = (read: (sample: Sample) => number): string =>
    samples
      .map(
        (sample, at) =>
          `${at === 0 ? `M${x(sample.at).toFixed(1)} ${y(read(sample)).toFixed(1)}` : `H${x(sample.at).toFixed(1)}V${y(read(sample)).toFixed(1)}`}`,
      )
      .join("");
  const ticks = Array.from({ length: Math.floor(mostPods) + 1 }, (_, pods) => pods);
  const seconds = Array.from({ length: Math.floor(end / 20) + 1 }, (_, at) => at * 20);
  const legend = [
    ["#b45309", `demand / ${target}: the pods that it calls for`],
    ["#1d4ed8", "pods wanted by the autoscaler"],
    ["#15803d", "pods ready"],
  ] as const;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${ticks.map((pods) => `<path d="M${LEFT} ${y(pods).toFixed(1)}H${WIDTH - 20}" stroke="#e5e7eb"/><text x="${LEFT - 8}" y="${(y(pods) + 4).toFixed(1)}" text-anchor="end" fill="#374151">${pods}</text>`).join("\n")}
${seconds.map((at) => `<text x="${x(at).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#374151">${at} s</text>`).join("\n")}
${marks.map(({ at, text }, row) => `<path d="M${x(at).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#9ca3af" stroke-dasharray="3 3"/><text x="${(x(at) + (at > 0.9 * end ? -4 : 4)).toFixed(1)}" text-anchor="${at > 0.9 * end ? "end" : "start"}" y="${TOP + 12 + (row % 2) * 14}" fill="#374151">${text}</text>`).join("\n")}
<path d="${line(({ demand }) => demand / target)}" fill="none" stroke="#b45309" stroke-width="1.5"/>
<path d="${steps(({ wanted }) => wanted)}" fill="none" stroke="#1d4ed8" stroke-width="2"/>
<path d="${steps(({ ready }) => ready)}" fill="none" stroke="#15803d" stroke-width="2" stroke-dasharray="6 3"/>
${legend.map(([color, text], at) => `<path d="M${LEFT + at * 290} 18h24" stroke="${color}" stroke-width="2"/><text x="${LEFT + at * 290 + 30}" y="22" fill="#111827">${text}</text>`).join("\n")}
<text x="${WIDTH - 20}" y="${HEIGHT - 8}" text-anchor="end" fill="#6b7280">${note}</text>
</svg>
`;
}
