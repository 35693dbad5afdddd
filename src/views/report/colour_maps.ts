/** The figure of a sweep over its grid as colour maps, each with its table behind it. */
import { axesInWords, rankWords } from "../tables/option_words.ts";
import type { RankedRows } from "../tables/ranked_rows.ts";
import { figureText } from "../tables/sweep_table.ts";
import { type Markup, markup } from "./markup.ts";

/** From worst to best: they differ in lightness too, for readers who cannot see colours. */
const COLOURS = [
  ...["#0d2a5c", "#1d3f73", "#33537a", "#4a677f", "#617b83", "#7a8f85", "#95a283"] as const,
  ...["#b1b57e", "#cdc878", "#e8dc74", "#fdee80"] as const,
];

/** Everything that is drawn has to fit into a page: on longer axes, neighbouring values are drawn as one group. */
const MOST_ON_AXIS = 40;
const MOST_CELLS = 1_600;
const MOST_MAPS = 12;
/** Up to this many cells, each shows its value under the pointer. */
const MOST_TITLES = 400;

const WIDTH = 360;
const LETTER = 5.6;
const FONT = 10;
const LARGEST_CELL = 44;
const LOWEST_CELL = 12;
const HIGHEST_CELL = 24;

/** Values of an axis that share a row or a column. */
interface Group {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

/** One map: the mean of the figure in each cell, NaN where no configuration has it. */
interface ColourMap {
  readonly title: string;
  readonly cells: readonly (readonly number[])[];
  /** Where the best configuration is. */
  readonly best: readonly [row: number, column: number] | null;
}

/** The maps of a sweep in which at least one configuration has the figure `rank`. */
export function colourMaps(ranked: RankedRows, rank: string): Markup | null {
  const { axes, isLessBetter } = ranked;
  if (axes.length === 0) return null;
  const laid = laidOut(axesInWords(axes));
  const [rows, columns] = [laid.at(-2)!, laid.at(-1)!];
  const [rowGroups, columnGroups] = [groupsOf(rows.values), groupsOf(columns.values)];
  const maps = mapsOf(ranked, laid, rowGroups, columnGroups);
  const present = maps.flatMap(({ cells }) => cells.flat()).filter((value) => !Number.isNaN(value));
  if (present.length === 0) return null;
  const [least, most] = [Math.min(...present), Math.max(...present)];
  const colourAt = (value: number): number => {
    const share = most === least ? 1 : (value - least) / (most - least);
    return Math.round((isLessBetter ? 1 - share : share) * (COLOURS.length - 1));
  };
  const isMean = maps.length * rowGroups.length * columnGroups.length < ranked.values.length;
  const titled = maps.length * rowGroups.length * columnGroups.length <= MOST_TITLES;
  const [worst, best] = isLessBetter ? [most, least] : [least, most];
  const across = axes.length === 1
    ? `Left to right: ${columns.name}`
    : `Top to bottom: ${rows.name}. Left to right: ${columns.name}`;
  return markup`
    <section><h2>The grid, by ${rankWords(rank)}</h2>
    <p>${across}. ${
    isMean ? "A cell is the mean of the configurations that share it. " : ""
  }A circle marks the best configuration. Look for a large bright area: a single bright cell among dark ones is usually noise.</p>
    <p class="legend"><span>worst ${
    figureText(worst, rank)
  }</span><svg viewBox="0 0 ${COLOURS.length} 1" preserveAspectRatio="none" aria-hidden="true">${
    COLOURS.map((colour, at) => markup`<rect x="${at}" width="1.02" height="1" fill="${colour}"/>`)
  }</svg><span>best ${figureText(best, rank)}</span></p>
    <div class="${maps.length === 1 ? "" : "columns small"}">${
    maps.map((map) =>
      markup`<figure>${map.title === "" ? null : markup`<h3>${map.title}</h3>`}${
        drawn(map, rowGroups, columnGroups, {
          label: `${rankWords(rank)} by ${axes.length === 1 ? "" : `${rows.name} and `}${columns.name}${
            map.title === "" ? "" : `, ${map.title}`
          }`,
          titleOf: titled
            ? (row, column, value) =>
              `${axes.length === 1 ? "" : `${rows.name} ${row}, `}${columns.name} ${column}: ${
                figureText(value, rank)
              }`
            : null,
          colourAt,
        })
      }${tableOf(map, `${rows.name} \\ ${columns.name}`, rowGroups, columnGroups, rank)}</figure>`
    )
  }</div></section>
  `;
}

function groupsOf(values: readonly string[]): Group[] {
  const size = Math.ceil(values.length / MOST_ON_AXIS);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => {
    const [from, to] = [at * size, Math.min(values.length, (at + 1) * size)];
    const last = values[to - 1]!;
    return { label: to - from === 1 ? last : `${values[from]}–${last}`, from, to };
  });
}

/** An axis, and how many places further its next value is. */
interface LaidAxis {
  readonly name: string;
  readonly values: readonly string[];
  readonly stride: number;
}

/** The axes in the order of the maps: the two with the most values come last, as a map's rows and columns. */
function laidOut(axes: RankedRows["axes"]): LaidAxis[] {
  let stride = 1;
  const all = axes.toReversed().map(({ name, values }) => {
    const axis = { name, values, stride };
    stride *= values.length;
    return axis;
  }).reverse();
  const longest = all.toSorted((one, other) => other.values.length - one.values.length).slice(0, 2);
  const onMap = all.filter((axis) => longest.includes(axis));
  if (onMap.length === 1) onMap.unshift({ name: "", values: [""], stride: 0 });
  return [...all.filter((axis) => !longest.includes(axis)), ...onMap];
}

/** A map for each combination of the other options; if these are many, a single map with means over them. */
function mapsOf(
  { values, rows }: RankedRows,
  laid: readonly LaidAxis[],
  down: readonly Group[],
  across: readonly Group[],
): ColourMap[] {
  const outer = laid.slice(0, -2);
  const [lines, columns] = [laid.at(-2)!, laid.at(-1)!];
  const combinations = outer.reduce((product, axis) => product * axis.values.length, 1);
  const isSplit = combinations <= MOST_MAPS && combinations * down.length * across.length <= MOST_CELLS;
  const best = rows[0] === undefined ? null : placeOfBest(values, rows[0].figure);
  const starts = Array.from({ length: combinations }, (_, layer) => startOf(outer, layer));
  const on = ({ values, stride }: LaidAxis): number =>
    best === null || stride === 0 ? 0 : Math.floor(best / stride) % values.length;
  const bestStart = outer.reduce((sum, axis) => sum + on(axis) * axis.stride, 0);
  return Array.from({ length: isSplit ? combinations : 1 }, (_, at): ColourMap => {
    const layers = isSplit ? [at] : Array.from({ length: combinations }, (_, layer) => layer);
    const cells = down.map((row) =>
      across.map((column) => {
        let [sum, count] = [0, 0];
        for (const layer of layers) {
          for (let line = row.from; line < row.to; line++) {
            for (let place = column.from; place < column.to; place++) {
              const value = values[starts[layer]! + line * lines.stride + place * columns.stride]!;
              if (Number.isNaN(value)) continue;
              sum += value;
              count++;
            }
          }
        }
        return count === 0 ? NaN : sum / count;
      })
    );
    const isHere = best !== null && (!isSplit || starts[at] === bestStart);
    const inGroup = (groups: readonly Group[], place: number): number =>
      groups.findIndex(({ to }) => place < to);
    return {
      title: isSplit ? titleOf(outer, at) : outer.length === 0 ? "" : "all other options together",
      cells,
      best: isHere ? [inGroup(down, on(lines)), inGroup(across, on(columns))] : null,
    };
  });
}

/** If rows are equal, the first in the grid is the best. */
function placeOfBest(values: Float64Array, figure: string | null): number | null {
  const place = values.indexOf(Number(figure));
  return place < 0 ? null : place;
}

/** Where a combination of the other options is on each of their axes. */
function coordinates(outer: readonly LaidAxis[], layer: number): number[] {
  const found: number[] = [];
  let rest = layer;
  for (const { values } of outer.toReversed()) {
    found.unshift(rest % values.length);
    rest = Math.floor(rest / values.length);
  }
  return found;
}

/** The place of its first configuration. */
function startOf(outer: readonly LaidAxis[], layer: number): number {
  return coordinates(outer, layer).reduce((sum, at, axis) => sum + at * outer[axis]!.stride, 0);
}

function titleOf(outer: readonly LaidAxis[], layer: number): string {
  return coordinates(outer, layer).map((at, axis) => `${outer[axis]!.name} ${outer[axis]!.values[at]}`)
    .join(", ");
}

function drawn(
  { cells, best }: ColourMap,
  down: readonly Group[],
  across: readonly Group[],
  { label, titleOf, colourAt }: {
    readonly label: string;
    readonly titleOf: ((row: string, column: string, value: number) => string) | null;
    readonly colourAt: (value: number) => number;
  },
): Markup {
  const left = Math.ceil(Math.max(...down.map(({ label }) => label.length)) * LETTER) + 6;
  const width = Math.min(LARGEST_CELL, (WIDTH - left) / across.length);
  const height = Math.min(HIGHEST_CELL, Math.max(LOWEST_CELL, width));
  const longest = Math.max(...across.map(({ label }) => label.length));
  const every = Math.ceil((longest * LETTER + 6) / width);
  const bottom = down.length * height;
  const x = (column: number): string => (left + column * width).toFixed(1);
  const y = (row: number): string => (row * height).toFixed(1);
  const shapes: Markup[] = [];
  if (titleOf === null) {
    const paths = COLOURS.map(() => "");
    for (const [row, values] of cells.entries()) {
      for (const [column, value] of values.entries()) {
        if (Number.isNaN(value)) continue;
        paths[colourAt(value)] += `M${x(column)} ${y(row)}h${width.toFixed(1)}v${height}h-${
          width.toFixed(1)
        }z`;
      }
    }
    for (const [at, path] of paths.entries()) {
      if (path !== "") shapes.push(markup`<path fill="${COLOURS[at]!}" d="${path}"/>`);
    }
  } else {
    for (const [row, values] of cells.entries()) {
      for (const [column, value] of values.entries()) {
        if (Number.isNaN(value)) continue;
        shapes.push(
          markup`<rect x="${x(column)}" y="${y(row)}" width="${width.toFixed(1)}" height="${
            height.toFixed(1)
          }" fill="${COLOURS[colourAt(value)]!}"><title>${
            titleOf(down[row]!.label, across[column]!.label, value)
          }</title></rect>`,
        );
      }
    }
  }
  return markup`<svg class="map" viewBox="0 0 ${WIDTH} ${bottom + FONT + 8}" role="img" aria-label="${label}">
    ${shapes}${
    best === null
      ? null
      : markup`<circle class="best" cx="${(left + (best[1] + 0.5) * width).toFixed(1)}" cy="${
        ((best[0] + 0.5) * height).toFixed(1)
      }" r="${Math.min(width, height, 16) * 0.36}"/>`
  }${
    down.map(({ label }, row) =>
      markup`<text x="${left - 4}" y="${
        (row * height + height / 2 + FONT * 0.35).toFixed(1)
      }" text-anchor="end">${label}</text>`
    )
  }${
    across.map(({ label }, column) =>
      column % every === 0
        ? markup`<text x="${(left + (column + 0.5) * width).toFixed(1)}" y="${
          bottom + FONT + 3
        }" text-anchor="middle">${label}</text>`
        : null
    )
  }</svg>`;
}

function tableOf(
  { cells }: ColourMap,
  corner: string,
  down: readonly Group[],
  across: readonly Group[],
  rank: string,
): Markup {
  const isLine = down.length === 1 && down[0]!.label === "";
  return markup`<details><summary>Table</summary><div class="scroll"><table><thead><tr><th scope="col">${
    isLine ? "" : corner
  }</th>${
    across.map(({ label }) => markup`<th scope="col" class="number">${label}</th>`)
  }</tr></thead><tbody>${
    cells.map((values, row) =>
      markup`<tr><th scope="row">${down[row]!.label}</th>${
        values.map((value) => markup`<td class="number">${figureText(value, rank)}</td>`)
      }</tr>`
    )
  }</tbody></table></div></details>`;
}
