/**
 * Finds the Binance public-data layout of a CSV file from its first line.
 *
 * The layouts: https://github.com/binance/binance-public-data (spot has no header; futures have one since 2022).
 */

/** The columns of a Binance public-data file, counted from 0. */
export interface CsvColumns {
  /** Its name in the file's documentation, such as "spot aggTrades". */
  readonly name: string;
  readonly count: number;
  /** Trade ids covered; the same column unless the rows are aggregates. */
  readonly firstId: number;
  readonly lastId: number;
  readonly price: number;
  readonly quantity: number;
  readonly time: number;
  readonly buyerIsMaker: number;
}

/** What a column holds: a field of the trade, a value whose form is checked and nothing else, or anything at all. */
export type FieldKind =
  | "trade id"
  | "first id"
  | "last id"
  | "price"
  | "quantity"
  | "time"
  | "buyer is maker"
  | "id"
  | "amount"
  | "flag"
  | "anything";

/** A column of a file. */
export interface CsvField {
  /** The name in the file's documentation; the kind if the documentation has no such column. */
  readonly name: string;
  readonly kind: FieldKind;
}

/** A layout as Binance publishes it. */
interface Published {
  readonly columns: CsvColumns;
  readonly fields: readonly CsvField[];
}

const KINDS: Readonly<Record<string, FieldKind>> = {
  id: "trade id",
  tradeid: "trade id",
  aggid: "id",
  aggtradeid: "id",
  aggregatetradeid: "id",
  firstid: "first id",
  firsttradeid: "first id",
  lastid: "last id",
  lasttradeid: "last id",
  price: "price",
  qty: "quantity",
  quantity: "quantity",
  quoteqty: "amount",
  quotequantity: "amount",
  // The quantity column of COIN-M counts contracts. This column has the same quantity in coins, and replaces that one.
  baseqty: "amount",
  time: "time",
  timestamp: "time",
  transacttime: "time",
  isbuyermaker: "buyer is maker",
  isbestmatch: "flag",
};

const PUBLISHED: readonly Published[] = [
  published("spot trades", "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch"),
  published("spot aggTrades", "aggId,price,qty,firstId,lastId,time,isBuyerMaker,isBestMatch"),
  published("futures trades", "id,price,qty,quote_qty,time,is_buyer_maker"),
  published(
    "futures aggTrades",
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
  ),
];

/** Ends the name of a layout whose quantities are contracts converted to coins. */
const IN_COINS = ", in coins";

const EXPECTED = "expected commas between the fields, no quotation marks, and a first line such as " +
  `"id,price,qty,time,is_buyer_maker", or a file of Binance's public data, trades or aggTrades`;

/** Two columns that appear together only in candles. */
const CANDLES = ["open", "close"] as const;
const NO_CANDLES = "the only candles that Penstock reads are the klines that Binance publishes";

/** How many columns Binance's klines (candles) have. */
const KLINES: readonly number[] = [11, 12];

/** A layout that was recognised. */
export interface CsvLayout {
  readonly columns: CsvColumns;
  /** Whether the line names the columns rather than being the first trade. */
  readonly header: boolean;
}

/** What is wrong with a line in no known layout, and what was expected. */
export interface UnknownLayout {
  readonly unknown: string;
}

/**
 * The layout of the file that starts with `line` (without its line end and byte order mark). A header may name the
 * columns in any order and any case, with or without underscores. Without a header, the number of columns and the
 * positions of `true` and `false` decide.
 */
export function csvColumns(line: string): CsvLayout | UnknownLayout {
  if (line.trim() === "") return unknown("the first line is empty");
  if (line.includes('"')) return unknown(`the fields are quoted: ${quoted(line)}`);
  if (line.includes(";") && !line.replaceAll(/\d,\d/g, "").includes(",") && line.includes(",")) {
    return unknown(`semicolons separate the fields, and commas precede the decimals: ${quoted(line)}`);
  }
  if (!line.includes(",")) {
    if (line.includes(";")) return unknown(`semicolons separate the fields: ${quoted(line)}`);
    if (line.includes("\t")) return unknown(`tabs separate the fields: ${quoted(line)}`);
    return unknown(`the first line has no commas: ${quoted(line)}`);
  }
  const fields = line.split(",");
  return namesColumns(line) ? columnsByName(fields, line) : columnsByContent(fields, line);
}

/**
 * Whether a line names columns: it starts with a letter, or its first column has no name and the line has no digits.
 */
export function namesColumns(line: string): boolean {
  return /^([A-Za-z]|,\D*$)/.test(line);
}

/**
 * What each column of a file holds, in order. In layouts that Binance has not published, columns that a trade does not
 * need may hold anything.
 */
export function fieldsOf(columns: CsvColumns): readonly CsvField[] {
  const same = PUBLISHED.find((known) => isSame(known.columns, columns));
  if (same !== undefined) return same.fields;
  const names = PUBLISHED.find((known) => columns.name.startsWith(known.columns.name))?.fields ?? [];
  return Array.from({ length: columns.count }, (_, column) => {
    const kind = kindAt(columns, column);
    if (kind === "quantity" && areContractsInCoins(columns)) return { kind, name: "base_qty" };
    return { kind, name: names.find((field) => field.kind === kind)?.name ?? kind };
  });
}

/** Whether the quantities of a file are coins, and another column counts the contracts. */
export function areContractsInCoins(columns: CsvColumns): boolean {
  return columns.name.endsWith(IN_COINS);
}

/** Whether `columns` are exactly one of the published layouts. */
export function isPublished(columns: CsvColumns): boolean {
  return PUBLISHED.some((known) => isSame(known.columns, columns));
}

const QUOTED_CHARACTERS = 60;

/** The start of `text` in quotes, with everything that a terminal would act on escaped. */
export function quoted(text: string): string {
  const isLong = text.length > QUOTED_CHARACTERS;
  const plain = JSON.stringify(isLong ? text.slice(0, QUOTED_CHARACTERS) : text).replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return isLong ? `${plain}…` : plain;
}

function columnsByName(names: readonly string[], line: string): CsvLayout | UnknownLayout {
  const kinds = withCoins(names, names.map((name) => kindOf(name)));
  const standard = PUBLISHED.find(({ fields }) =>
    fields.length === kinds.length && fields.every((field, column) => field.kind === kinds[column])
  );
  if (standard !== undefined) return { columns: standard.columns, header: true };

  const isAggregate = kinds.includes("first id") || kinds.includes("last id") || kinds.includes("id");
  const ids: FieldKind[] = isAggregate ? ["first id", "last id"] : ["trade id"];
  const needed: FieldKind[] = [...ids, "price", "quantity", "time", "buyer is maker"];
  const missing = needed.filter((kind) => !kinds.includes(kind));
  if (missing.length > 0) {
    const plainNames = names.map(plainName);
    if (CANDLES.every((name) => plainNames.includes(name))) {
      return unknown(`the header ${quoted(line)} is that of candles: ${NO_CANDLES}`);
    }
    return unknown(`the header ${quoted(line)} names no ${missing.join(", no ")}`);
  }
  const double = needed.find((kind) => kinds.indexOf(kind) !== kinds.lastIndexOf(kind));
  if (double !== undefined) {
    const [one, other] = names.filter((name) => kindOf(name) === double);
    return unknown(`the header names two columns for the ${double}, ${quoted(one!)} and ${quoted(other!)}`);
  }
  const market = kinds.includes("flag") ? "spot" : "futures";
  const name = `${market} ${isAggregate ? "aggTrades" : "trades"} in the order of the header${
    isInCoins(names) ? IN_COINS : ""
  }`;
  return { columns: columnsOf(name, kinds), header: true };
}

/** Whether a header names a quantity in coins as well as one in contracts. */
function isInCoins(names: readonly string[]): boolean {
  return names.some((name) => plainName(name) === "baseqty");
}

/** The kinds of a header's columns. If one holds the quantity in coins, the other counts contracts. */
function withCoins(names: readonly string[], kinds: readonly FieldKind[]): readonly FieldKind[] {
  if (!isInCoins(names)) return kinds;
  return kinds.map((kind, at) =>
    plainName(names[at]!) === "baseqty" ? "quantity" : kind === "quantity" ? "amount" : kind
  );
}

function columnsByContent(fields: readonly string[], line: string): CsvLayout | UnknownLayout {
  const count = fields.length;
  const sameCount = PUBLISHED.filter(({ columns }) => columns.count === count);
  if (sameCount.length === 0) {
    const separator = line.includes(";") ? ", with semicolons in it" : "";
    const what = `the first line has ${count} columns${separator}: ${quoted(line)}`;
    return unknown(KLINES.includes(count) ? `${what}, as candles (klines) have: ${NO_CANDLES}` : what);
  }
  const found = sameCount.find(({ fields: published }) =>
    published.every(({ kind }, column) =>
      isBoolean(fields[column]!) === (kind === "flag" || kind === "buyer is maker")
    )
  );
  if (found !== undefined) return { columns: found.columns, header: false };
  const places = fields.flatMap((field, column) => isBoolean(field) ? [column + 1] : []);
  const where = places.length === 0 ? "in none of them" : `in column ${places.join(" and ")}`;
  return unknown(`the first line has ${count} columns, with true or false ${where}: ${quoted(line)}`);
}

function unknown(what: string): UnknownLayout {
  return { unknown: `${what}; ${EXPECTED}` };
}

function published(name: string, header: string): Published {
  const fields = header.split(",").map((field) => ({ name: field, kind: kindOf(field) }));
  return { columns: columnsOf(name, fields.map(({ kind }) => kind)), fields };
}

function columnsOf(name: string, kinds: readonly FieldKind[]): CsvColumns {
  const id = kinds.indexOf("trade id");
  const first = kinds.indexOf("first id");
  const last = kinds.indexOf("last id");
  return {
    name,
    count: kinds.length,
    firstId: first < 0 ? id : first,
    lastId: last < 0 ? id : last,
    price: kinds.indexOf("price"),
    quantity: kinds.indexOf("quantity"),
    time: kinds.indexOf("time"),
    buyerIsMaker: kinds.indexOf("buyer is maker"),
  };
}

function kindAt(columns: CsvColumns, column: number): FieldKind {
  switch (column) {
    case columns.firstId:
      return columns.firstId === columns.lastId ? "trade id" : "first id";
    case columns.lastId:
      return "last id";
    case columns.price:
      return "price";
    case columns.quantity:
      return "quantity";
    case columns.time:
      return "time";
    case columns.buyerIsMaker:
      return "buyer is maker";
    default:
      return "anything";
  }
}

function plainName(name: string): string {
  return name.trim().replaceAll("_", "").toLowerCase();
}

function kindOf(name: string): FieldKind {
  const plain = plainName(name);
  return Object.hasOwn(KINDS, plain) ? KINDS[plain]! : "anything";
}

function isBoolean(field: string): boolean {
  return /^(true|false)$/i.test(field);
}

function isSame(one: CsvColumns, other: CsvColumns): boolean {
  return one.name === other.name && one.count === other.count && one.firstId === other.firstId &&
    one.lastId === other.lastId && one.price === other.price && one.quantity === other.quantity &&
    one.time === other.time && one.buyerIsMaker === other.buyerIsMaker;
}
