/** Draws the ranked figure of a sweep over two options as a colour map, and over three options as a row of maps. */
import { axesInWords } from "./option_words.ts";
import type { RankedRows } from "./ranked_rows.ts";

/** From worst to best: colours of a 256-colour terminal that differ in lightness too. */
const COLOURS = [17, 18, 19, 25, 31, 37, 71, 107, 143, 179, 221, 229];
const RESET = "\x1b[0m";
const CELL = "  ";
/** The largest map that fits a terminal. */
const MOST_COLUMNS = 60;
const MOST_ROWS = 40;
/** Maps are drawn side by side up to this width. */
const MOST_WIDTH = 150;

/** The maps, one text each, and a legend of their colours; none unless two or three options vary. */
export function heatMap({ axes: varied, values, isLessBetter }: RankedRows): string[] {
  const axes = axesInWords(varied);
  if (axes.length !== 2 && axes.length !== 3) return [];
  const [outer, rows, columns] = axes.length === 3 ? axes : [null, ...axes];
  if (rows!.values.length > MOST_ROWS || columns!.values.length > MOST_COLUMNS) return [];
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length === 0) return [];
  const [least, most] = [Math.min(...present), Math.max(...present)];
  const colourOf = (value: number): string => {
    if (Number.isNaN(value)) return "··";
    const share = most === least ? 1 : (value - least) / (most - least);
    const at = Math.round((isLessBetter ? 1 - share : share) * (COLOURS.length - 1));
    return `\x1b[48;5;${COLOURS[at]}m${CELL}${RESET}`;
  };
  const size = rows!.values.length * columns!.values.length;
  const labels = Math.max(...rows!.values.map((text) => text.length));
  const maps = (outer?.values ?? [""]).map((title, map) => {
    const lines = rows!.values.map((label, row) => {
      const cells = columns!.values.map((_, column) =>
        colourOf(values[map * size + row * columns!.values.length + column]!)
      );
      return `${label.padStart(labels)} ${cells.join("")}`;
    });
    const width = labels + 1 + CELL.length * columns!.values.length;
    const head = outer === null ? [] : [`${outer!.name} ${title}`.padEnd(width).slice(0, width)];
    return { lines: [...head, ...lines], width };
  });
  const across = Math.max(1, Math.floor(MOST_WIDTH / (maps[0]!.width + 2)));
  const blocks: string[] = [];
  for (let from = 0; from < maps.length; from += across) {
    const beside = maps.slice(from, from + across);
    blocks.push(
      beside[0]!.lines.map((_, line) => beside.map(({ lines }) => lines[line]!).join("  ")).join("\n"),
    );
  }
  const missing = present.length === values.length ? "" : "; ·· has no such figure, or no run accepts it";
  const legend = `rows ${rows!.name}, columns ${columns!.name} from ${columns!.values[0]} to ${
    columns!.values.at(-1)
  }; ${colourOf(isLessBetter ? most : least)} worst ${colourOf(isLessBetter ? least : most)} best${missing}`;
  return [...blocks, legend];
}
