/** Shortens long output for a page. */

/** How much of a JSON value is shown. */
export interface ExcerptLimits {
  /** The most fields of an object, and of an object within it. */
  readonly fields: number;
  readonly inner?: number;
  /** The most elements of a list. */
  readonly elements?: number;
}

/** JSON on one line, or on several with `indent`; `…` stands for what is left out. */
export function jsonExcerpt(value: unknown, limits: ExcerptLimits, indent = 0, level = 0): string {
  const { fields, inner = fields, elements = 2 } = limits;
  const isList = Array.isArray(value);
  if (!isList && (typeof value !== "object" || value === null)) return JSON.stringify(value);
  const most = isList ? elements : level === 0 ? fields : inner;
  const parts = isList
    ? value.map((element) => jsonExcerpt(element, limits, 0, level + 1))
    : Object.entries(value).map(([name, field]) =>
      `${JSON.stringify(name)}:${indent > 0 ? " " : ""}${jsonExcerpt(field, limits, 0, level + 1)}`
    );
  const shown = parts.length > most ? [...parts.slice(0, most), "…"] : parts;
  const [open, close] = isList ? "[]" : "{}";
  if (indent === 0 || shown.length === 0) return `${open}${shown.join(",")}${close}`;
  const space = " ".repeat(indent);
  return `${open}\n${shown.map((part) => space + part).join(",\n")}\n${close}`;
}

/** The first and the last lines of a text, with `…` for the lines between. */
export function middleCut(lines: readonly string[], first: number, last: number): string[] {
  return lines.length <= first + last + 1
    ? [...lines]
    : [...lines.slice(0, first), "…", ...lines.slice(-last)];
}

/** The start of a line, with `…` for the rest. */
export function lineCut(line: string, length: number): string {
  return line.length <= length ? line : `${line.slice(0, length)}…`;
}
