/** The configurations of two sweeps, matched by their options. */
import type { ConfigurationComparison, ConfigurationDifference } from "../../domain/comparison/comparison.ts";
import { compareFigures, type Figures } from "../../domain/comparison/figure_comparison.ts";

/** One configuration of a sweep. */
export interface SweepRow {
  /** The options that vary. */
  readonly options: Figures;
  readonly figures: Figures;
}

/** A sweep's configurations, and the options that all of them share. */
export interface SweptRows {
  readonly fixed: Figures;
  readonly rows: readonly SweepRow[];
}

/**
 * Compares configurations that have the same values for every option that varies in either sweep. The result has those
 * of A in their order, then those that only B has.
 */
export function compareConfigurations(a: SweptRows, b: SweptRows): ConfigurationComparison {
  const names = [...new Set([...varyingIn(a), ...varyingIn(b)])];
  const left = new Map(b.rows.map((row) => [keyOf(row, b.fixed, names), row]));
  const differing: ConfigurationDifference[] = [];
  let same = 0;
  for (const row of a.rows) {
    const key = keyOf(row, a.fixed, names);
    const other = left.get(key);
    left.delete(key);
    if (other === undefined) {
      differing.push({ options: row.options, figures: [], onlyIn: "a" });
      continue;
    }
    const figures = compareFigures(row.figures, other.figures).rows.filter((figure) => figure.a !== figure.b);
    if (figures.length === 0) same++;
    else differing.push({ options: row.options, figures, onlyIn: null });
  }
  for (const { options } of left.values()) differing.push({ options, figures: [], onlyIn: "b" });
  return { same, differing };
}

function varyingIn({ rows }: SweptRows): string[] {
  return Object.keys(rows[0]?.options ?? {});
}

function keyOf({ options }: SweepRow, fixed: Figures, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => options[name] ?? fixed[name] ?? null));
}
