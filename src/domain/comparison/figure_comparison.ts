/** Two sets of named figures side by side. */
import { Money, plain } from "../numbers/money.ts";

/** A figure: an amount as decimal text, a count, a word, a switch, or null if it does not exist. */
export type Figure = string | number | boolean | null;

/** Figures by name, in the order in which they are shown. */
export type Figures = Readonly<Record<string, Figure>>;

/** One figure of both sides. */
export interface FigureRow {
  readonly name: string;
  readonly a: Figure;
  readonly b: Figure;
  /** B − A, exactly, as decimal text; null if they are equal, or are not both numbers. */
  readonly difference: string | null;
}

/** What two sets have in common, and what only one of them has. */
export interface FigureComparison {
  /** The figures that both have, in the order of A. */
  readonly rows: readonly FigureRow[];
  /** Names that only one side has, because another version or another option adds figures. */
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
}

/** Decimal text that is short enough for exact arithmetic to be fast. */
const DECIMAL = /^-?\d{1,60}(\.\d{1,60})?$/;

/**
 * Compares figures by name.
 *
 * @example
 * ```ts
 * import { compareFigures } from "./figure_comparison.ts";
 * import { assertEquals } from "@std/assert";
 * const { rows } = compareFigures({ cash: "10000.1", fills: 4 }, { cash: "9999.95", fills: 4 });
 * assertEquals(rows.map(({ difference }) => difference), ["-0.15", null]);
 * ```
 */
export function compareFigures(a: Figures, b: Figures): FigureComparison {
  const rows: FigureRow[] = [];
  for (const [name, of] of Object.entries(a)) {
    if (!Object.hasOwn(b, name)) continue;
    rows.push({ name, a: of, b: b[name]!, difference: differenceOf(of, b[name]!) });
  }
  return {
    rows,
    onlyInA: Object.keys(a).filter((name) => !Object.hasOwn(b, name)),
    onlyInB: Object.keys(b).filter((name) => !Object.hasOwn(a, name)),
  };
}

/**
 * The figures in a JSON value, under names such as `maxDrawdown.fraction`. Lists are left out: they are curves and
 * tables.
 */
export function figuresIn(value: unknown, prefix = ""): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) return figures;
  for (const [name, part] of Object.entries(value)) {
    if (typeof part === "object" && part !== null) {
      Object.assign(figures, figuresIn(part, `${prefix}${name}.`));
    } else figures[`${prefix}${name}`] = part as Figure;
  }
  return figures;
}

function differenceOf(a: Figure, b: Figure): string | null {
  if (a === b || !isNumber(a) || !isNumber(b)) return null;
  return plain(new Money(b).minus(a));
}

function isNumber(figure: Figure): figure is string | number {
  return typeof figure === "number"
    ? Number.isFinite(figure)
    : typeof figure === "string" && DECIMAL.test(figure);
}
