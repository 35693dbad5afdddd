/** A table of `penstock export` as a Parquet file, a group of rows at a time. */
import type { SchemaElement } from "hyparquet-writer";
import { ConfigError } from "../../domain/process/config_error.ts";
import type { Sink } from "../terminal/terminal.ts";
import { type Cell, type ColumnKind, COLUMNS, type TableName } from "./export_tables.ts";

/** How many rows are in memory at once. */
const GROUP_ROWS = 20_000;
/**
 * Amounts are integers in units of 10^-18, the finest that money has, with 38 digits, the most that other tools read.
 */
const SCALE = 18;
const PRECISION = 38;
/** The bytes of a decimal with that many digits. */
const DECIMAL_BYTES = 16;
const AMOUNT = /^(-?)(\d{1,60})(?:\.(\d{1,60}))?$/;

const TYPES: Readonly<Record<ColumnKind, Omit<SchemaElement, "name">>> = {
  number: { type: "INT64" },
  time: {
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  amount: {
    type: "FIXED_LEN_BYTE_ARRAY",
    type_length: DECIMAL_BYTES,
    converted_type: "DECIMAL",
    logical_type: { type: "DECIMAL", precision: PRECISION, scale: SCALE },
    precision: PRECISION,
    scale: SCALE,
  },
};

/** Collects rows, and writes them a group at a time. */
export interface ParquetTable {
  /** Throws a ConfigError for an amount that does not fit, or a text in place of an amount. */
  add(cells: readonly Cell[]): void;
  /** Writes the remaining rows and the file's table of contents. */
  finish(): void;
}

/** Starts a file on `sink`, which gets its bytes in order. Only this function loads the Parquet library. */
export async function parquetTable(sink: Sink, table: TableName): Promise<ParquetTable> {
  const { ParquetWriter } = await import("hyparquet-writer/src/parquet-writer.js");
  const { ByteWriter } = await import("hyparquet-writer/src/bytewriter.js");
  const columns = Object.entries(COLUMNS[table]);
  const flush = (): void => {
    let bytes = new Uint8Array(writer.buffer, 0, writer.index);
    while (bytes.length > 0) bytes = bytes.subarray(sink.writeSync(bytes));
    writer.index = 0;
  };
  const writer = Object.assign(new ByteWriter(), { flush, finish: flush });
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: "root", num_children: columns.length },
      ...columns.map(([name, kind]) => ({ name, repetition_type: "OPTIONAL" as const, ...TYPES[kind] })),
    ],
    createdBy: "penstock",
  });
  let group: (bigint | string | null)[][] = columns.map(() => []);
  const writeGroup = (): void => {
    const columnData = columns.map(([name], at) => ({ name, data: group[at]!, offsetIndex: false }));
    group = columns.map(() => []);
    file.write({ columnData, rowGroupSize: GROUP_ROWS });
  };
  return {
    add(cells) {
      columns.forEach(([name, kind], at) => group[at]!.push(valueOf(cells[at]!, kind, name)));
      if (group[0]!.length === GROUP_ROWS) writeGroup();
    },
    finish() {
      if (group[0]!.length > 0) writeGroup();
      file.finish();
    },
  };
}

function valueOf(cell: Cell, kind: ColumnKind, name: string): bigint | string | null {
  if (cell === null) return null;
  if (kind === "text") return String(cell);
  return kind === "amount" ? unitsOf(String(cell), name) : BigInt(cell);
}

/** An amount as an integer in units of 10^-18, exactly. */
function unitsOf(text: string, name: string): bigint {
  const [, sign, whole = "", decimals = ""] = AMOUNT.exec(text) ?? [];
  const units = BigInt(whole + decimals.slice(0, SCALE).padEnd(SCALE, "0"));
  if (sign === undefined || /[1-9]/.test(decimals.slice(SCALE)) || `${units}`.length > PRECISION) {
    throw new ConfigError([
      `--format parquet can hold amounts of up to ${
        PRECISION - SCALE
      } digits and ${SCALE} decimals, but a ${name} is ` +
      `${text.slice(0, 2 * PRECISION)}: use --format csv`,
    ]);
  }
  return sign === "-" ? -units : units;
}
