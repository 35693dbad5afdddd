/** Rows of a screen: pieces of text, each in a style. */
import { cutTo, textWidth } from "./text_width.ts";

/** The size of a screen in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a piece of text looks like, on dark and on light terminals alike. */
export type Style = keyof typeof CODES;

/** The codes of the palette. All are readable on dark and on light backgrounds. */
const CODES = {
  bold: "1",
  reverse: "7",
  red: "31",
  green: "32",
  yellow: "33",
  magenta: "35",
  cyan: "36",
  faint: "90",
} as const;

/** A piece of text. */
export interface Span {
  readonly text: string;
  /** Absent for the terminal's own colour. */
  readonly style?: Style | undefined;
}

/** A row from left to right. */
export type Row = readonly Span[];

/** How many columns a row takes. */
export function rowWidth(row: Row): number {
  return row.reduce((width, { text }) => width + textWidth(text), 0);
}

/** The row, cut off with an ellipsis if it takes more than `width` columns. */
export function cutRow(row: Row, width: number): Row {
  if (rowWidth(row) <= width) return row;
  const kept: Span[] = [];
  let left = width - 1;
  for (const span of row) {
    if (left < 0) break;
    const size = textWidth(span.text);
    if (size <= left) kept.push(span);
    // More pieces follow, so this one needs an ellipsis even if it would just fit.
    else kept.push({ ...span, text: cutTo(`${span.text} `, left + 1) });
    left -= size <= left ? size : left + 1;
  }
  return kept;
}

/**
 * A row of `width` columns with `left` at its left edge and `right` at its right edge; `right` is cut if there is no
 * room for both.
 */
export function spread(left: Row, right: Row, width: number): Row {
  const between = width - rowWidth(left) - rowWidth(right);
  return between < 1 ? cutRow(left, width) : [...left, { text: " ".repeat(between) }, ...right];
}

/** The row as text for a terminal, with or without colours. */
export function rowText(row: Row, colours: boolean): string {
  if (!colours) return row.map(({ text }) => text).join("");
  return row.map(({ text, style }) => style === undefined ? text : `\x1b[${CODES[style]}m${text}\x1b[0m`)
    .join("");
}
