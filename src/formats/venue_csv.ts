/** CSV files of exchanges and vendors, recognized by their header, and Kraken's, which have no header. */
import { type Column, type DelimitedLayout, DelimitedRows, fieldsOf, SEPARATORS } from "./delimited_rows.ts";
import type { Layout, TradeFile } from "./trade_file.ts";
import { VENUE_LAYOUTS, type VenueLayout } from "./venue_layouts.ts";

/** A time in seconds, from 1973 on, with or without decimals; a price and a volume. */
const KRAKEN_ROW = /^\d{9,10}(\.\d+)?,\d[\d.eE+-]*,\d[\d.eE+-]*$/;
const KRAKEN: DelimitedLayout = {
  separator: ",",
  columns: [
    { name: "time", field: "time" },
    { name: "price", field: "price" },
    { name: "volume", field: "quantity" },
  ],
  hasHeader: false,
  timeUnit: "s",
  side: "taker",
  isSkipping: false,
};

const VENUES = [...new Set(VENUE_LAYOUTS.map(({ venue }) => venue))];
/** The exchanges and vendors whose CSV files are read as they are. */
export function venueNames(): string {
  return new Intl.ListFormat("en-GB", { type: "disjunction" }).format(VENUES);
}

const LATIN = new TextDecoder("latin1");

/** Files whose header is in the table, with columns in any order and any case, quoted or not. */
export const venueCsv: TradeFile = {
  get name() {
    return `CSV of ${venueNames()}`;
  },
  layoutOf({ bytes, text, isFirst }) {
    if (text !== null && KRAKEN_ROW.test(text)) {
      return layoutOf("Kraken time and sales", KRAKEN, { isCertain: false });
    }
    if (!isFirst) return null;
    // A header may not be UTF-8, but the names that matter are ASCII.
    const line = (text ?? LATIN.decode(bytes)).trim();
    for (const separator of SEPARATORS) {
      const names = line.includes(separator) ? headerIn(line, separator) : null;
      const venue = names === null ? undefined : VENUE_LAYOUTS.find((known) => fits(names, known));
      if (venue !== undefined) {
        return layoutOf(venue.name, readAs(venue, names!, separator), { isCertain: true });
      }
    }
    return null;
  },
};

function layoutOf(name: string, read: DelimitedLayout, { isCertain }: Pick<Layout, "isCertain">): Layout {
  return {
    name,
    unit: "line",
    isCertain,
    outweighs: true,
    namesSymbol: read.columns.some(({ field }) => field === "symbol"),
    reader: ({ symbol }, strict, numbers) => new DelimitedRows(read, symbol, strict, numbers),
  };
}

/** The names of the columns in lower case; of a name in two languages, the first. */
function headerIn(line: string, separator: string): readonly string[] | null {
  return fieldsOf(line, separator)?.map((name) =>
    /^[a-z]+\/[a-z]+$/i.test(name) ? name.toLowerCase() : name.split("/")[0]!.trim().toLowerCase()
  ) ?? null;
}

/** Whether a header matches a layout. A column without a name, such as Python's index, is allowed. */
function fits(names: readonly string[], { columns, optional = {}, isOpen = false }: VenueLayout): boolean {
  const needed = Object.keys(columns);
  const known = new Set([...needed, ...Object.keys(optional)]);
  const isWhole = needed.every((name) => names.includes(name)) &&
    (isOpen || names.every((name) => name === "" || known.has(name)));
  return isWhole && [...known].every((name) => names.indexOf(name) === names.lastIndexOf(name));
}

function readAs(venue: VenueLayout, names: readonly string[], separator: string): DelimitedLayout {
  const fields = { ...venue.optional, ...venue.columns };
  return {
    separator,
    columns: names.map((name): Column => ({
      name,
      field: Object.hasOwn(fields, name) ? fields[name]! : null,
    })),
    hasHeader: true,
    mayHaveMore: venue.mayHaveMore ?? false,
    timeUnit: null,
    side: venue.side ?? "taker",
    isSkipping: venue.isSkipping ?? false,
  };
}
