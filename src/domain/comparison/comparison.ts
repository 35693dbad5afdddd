/** What `penstock compare` finds between two results, sweeps or journals. */
import type { FigureComparison, FigureRow, Figures } from "./figure_comparison.ts";

/** One of the two sides. */
export interface SideHead {
  readonly path: string;
  readonly kind: "result" | "sweep" | "journal";
  /** The version of Penstock that made it. */
  readonly version: string;
  readonly symbol: string | null;
  /** The run of a journal; null for files. */
  readonly run: number | null;
}

/** The first event that is not the same on both sides. */
export interface EventDifference {
  /** Its place among the events compared, from 1. */
  readonly number: number;
  /** Its fields; null if that side has no more events. */
  readonly a: Figures | null;
  readonly b: Figures | null;
}

/** Events compared one by one. */
export interface EventComparison {
  /** All decisions of two journals; only fills if a result, which has no other events, is one side. */
  readonly kind: "decisions" | "fills";
  /** How many were equal before the difference, or in all. */
  readonly same: number;
  readonly first: EventDifference | null;
}

/** A configuration that differs between two sweeps. */
export interface ConfigurationDifference {
  /** The options that vary. */
  readonly options: Figures;
  /** The figures that differ; empty if only one side has the configuration. */
  readonly figures: readonly FigureRow[];
  readonly onlyIn: "a" | "b" | null;
}

/** The configurations of two sweeps. */
export interface ConfigurationComparison {
  readonly same: number;
  readonly differing: readonly ConfigurationDifference[];
}

/** The whole comparison. */
export interface Comparison {
  readonly a: SideHead;
  readonly b: SideHead;
  /** The options that differ; null is one without a value. */
  readonly options: readonly FigureRow[];
  readonly figures: FigureComparison;
  /** Null where a side is a sweep, which keeps no events. */
  readonly events: EventComparison | null;
  /** Null unless both sides are sweeps. */
  readonly configurations: ConfigurationComparison | null;
}

/**
 * Whether nothing differs. Figures that only one side has do not count, so a result of an older version can be the
 * same.
 */
export function isAllTheSame({ options, figures, events, configurations }: Comparison): boolean {
  return options.length === 0 && figures.rows.every(({ a, b }) => a === b) &&
    (events?.first ?? null) === null &&
    (configurations?.differing.length ?? 0) === 0;
}
