/** Draws a terminal's screen as a picture. */
import type { Row } from "./terminal_screen.ts";

const COLUMN = 8.4;
const LINE = 19;
const MARGIN = 18;
const FONT = 14;
const BASELINE = 14;
const BACKGROUND = "#1b1f24";
const TEXT = "#d8dee4";
/** The colours by palette number. */
const COLOURS: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#7ee787",
  33: "#e3b341",
  34: "#79c0ff",
  35: "#d2a8ff",
  36: "#56d4dd",
  37: "#ffffff",
  90: "#8b949e",
};

/**
 * The rows as an SVG that is `columns` wide, with a `title` for people who cannot see it. Every span is as
 * wide as its columns, whatever the font.
 *
 * @throws {RangeError} for a colour that has no value here
 */
export function terminalPicture(rows: readonly Row[], columns: number, title: string): string {
  const width = Math.round(columns * COLUMN + 2 * MARGIN);
  const height = rows.length * LINE + 2 * MARGIN;
  const lines = rows.flatMap((row, at) => textsOf(row, MARGIN + at * LINE + BASELINE));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${
    escaped(title)
  }">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}" fill="${TEXT}" xml:space="preserve">
${lines.join("\n")}
</g>
</svg>
`;
}

function textsOf(row: Row, y: number): string[] {
  const texts: string[] = [];
  let column = 0;
  for (const { text, colour } of row) {
    const length = [...text].length;
    if (text.trim() !== "") {
      const x = number(MARGIN + column * COLUMN);
      const fill = colour === null ? "" : ` fill="${colourNamed(colour)}"`;
      const size = `textLength="${number(length * COLUMN)}" lengthAdjust="spacingAndGlyphs"`;
      texts.push(`<text x="${x}" y="${y}" ${size}${fill}>${escaped(text)}</text>`);
    }
    column += length;
  }
  return texts;
}

function colourNamed(colour: number): string {
  const value = COLOURS[colour];
  if (value === undefined) {
    throw new RangeError(`Colour ${colour} of the terminal has no value in the picture`);
  }
  return value;
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
