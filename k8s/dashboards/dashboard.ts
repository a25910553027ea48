/** A panel: what it answers, in whose unit, and from which queries (legend → PromQL). */
export type Panel = {
  readonly title: string;
  readonly why: string;
  readonly unit: "short" | "s" | "percentunit" | "reqps" | "bytes" | "joule";
  readonly queries: Readonly<Record<string, string>>;
  /** Above it, the line is red. */
  readonly objective?: number;
};
export type Dashboard = { readonly uid: string; readonly title: string; readonly panels: readonly Panel[] };

const [WIDTH, HEIGHT, COLUMNS] = [12, 8, 2];
const DATASOURCE = { type: "prometheus", uid: "$datasource" };

const variable = (name: string, label: string, query: string): object => ({
  name,
  label,
  type: "query",
  datasource: DATASOURCE,
  definition: query,
  query: { query, refId: name },
  refresh: 2,
  sort: 1,
});

/** Grafana's JSON, without anything that changes from one run to the next. */
export function toGrafana({ uid, title, panels }: Dashboard): object {
  return {
    uid,
    title: `Cairn: ${title}`,
    tags: ["cairn"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus", refresh: 1 },
        variable("namespace", "Namespace", "label_values(cairn_open_streams, namespace)"),
      ],
    },
    panels: panels.map(panelOf),
  };
}

function panelOf({ title, why, unit, queries, objective }: Panel, at: number): object {
  const steps = [
    { color: "green", value: null },
    ...(objective === undefined ? [] : [{ color: "red", value: objective }]),
  ];
  return {
    id: at + 1,
    type: "timeseries",
    title,
    description: why,
    datasource: DATASOURCE,
    gridPos: { x: (at % COLUMNS) * WIDTH, y: Math.floor(at / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: { fillOpacity: 8, thresholdsStyle: { mode: objective === undefined ? "off" : "line" } },
        thresholds: { mode: "absolute", steps },
      },
      overrides: [],
    },
    options: { legend: { displayMode: "table", placement: "bottom", calcs: ["lastNotNull", "max"] } },
    targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      legendFormat,
      expr,
    })),
  };
}
