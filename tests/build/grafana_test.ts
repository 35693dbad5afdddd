/** The Grafana dashboard in deploy/: each of its queries has to find something. */
import { assert, assertEquals } from "@std/assert";
import { METRICS } from "../../src/views/metrics/run_metrics.ts";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
} = JSON.parse(Deno.readTextFileSync(new URL("../../deploy/grafana.json", import.meta.url)));

/** The labels that metrics have, and the bound of a histogram's bucket. */
const LABELS = ["journal", "symbol", "side", "reason", "version", "le"];
const TARGETS = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map((target) => ({ title, ...target }))
);
const QUERIES = [...TARGETS.map(({ expr }) => expr), ...dashboard.templating.list.map(({ query }) => query)];

/** The series that a metric has: those of a histogram have their own names. */
function seriesOf(name: string): string[] {
  const isHistogram = METRICS[name as keyof typeof METRICS][0] === "histogram";
  return isHistogram ? ["_bucket", "_sum", "_count"].map((suffix) => name + suffix) : [name];
}

Deno.test("deploy/grafana.json asks only for series that penstock watch has, and for all of them", () => {
  const asked = QUERIES.flatMap((query) => query.match(/penstock_\w+/g) ?? []);
  assertEquals([...new Set(asked)].sort(), Object.keys(METRICS).flatMap(seriesOf).sort());
});

Deno.test("deploy/grafana.json selects, groups and names by labels that the series have", () => {
  const used = TARGETS.flatMap(({ expr, legendFormat }) => [
    ...[...expr.matchAll(/(\w+)=~?"/g)].map(([, name]) => name!),
    ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(", ")),
    ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!),
  ]);
  assert(used.length > 20);
  assertEquals(used.filter((name) => !LABELS.includes(name)), []);
});

Deno.test("deploy/grafana.json takes rates of counters and of nothing else", () => {
  for (const { title, expr } of TARGETS) {
    for (const [, name] of expr.matchAll(/(penstock_\w+)/g)) {
      const isCounted = /(_total|_bucket|_sum|_count)$/.test(name!);
      const isRated = new RegExp(`(rate|increase)\\(${name}\\b`).test(expr);
      assertEquals(isRated, isCounted, `${title}: ${expr}`);
    }
  }
});

Deno.test("deploy/grafana.json has panels with unique numbers that lie beside one another", () => {
  const { panels } = dashboard;
  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + at % w},${y + Math.floor(at / w)}`)
  );
  assertEquals(new Set(cells).size, cells.length);
  assert(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});
