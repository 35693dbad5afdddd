/** Parquet files as chunks of decoded columns, a group of rows at a time. */
import type { ColumnMetaData, FileMetaData, RowGroup, SchemaElement } from "hyparquet";
import { UnusableInput } from "../../domain/market/unusable_input.ts";
import type { ParquetColumn, UsedColumn } from "../../formats/record_columns.ts";
import type { Chunk, Layout, Origin } from "../../formats/trade_file.ts";
import { columnValues, pageLibrary } from "./parquet_pages.ts";
import { type ByteParts, BytesInMemory, type ByteSource, readUpTo } from "./byte_source.ts";

/** The largest file that is kept in memory because it comes through a pipe or compressed, in MiB. */
const BUFFER_LIMIT = 256;
/** The most that a group may hold in the columns that are read, in bytes and rows. */
const LARGEST_GROUP = 512 << 20;
const MOST_ROWS = 1 << 24;
/** Rows in a chunk, few enough that timers and signals get their turn. */
const CHUNK_ROWS = 1 << 16;
const NO_BYTES = new Uint8Array();
const AGAIN = "Fetch or copy the file again";
const REWRITE = "write it again with row groups of, say, a million rows";

const PHYSICAL: Readonly<Record<string, ParquetColumn["physical"]>> = {
  BOOLEAN: "boolean",
  INT32: "integer",
  INT64: "integer",
  INT96: "nanoseconds",
  FLOAT: "float",
  DOUBLE: "double",
  BYTE_ARRAY: "bytes",
  FIXED_LEN_BYTE_ARRAY: "bytes",
};
const UNITS = { MILLIS: "ms", MICROS: "us", NANOS: "ns" } as const;

/** How a file is read. */
export interface ParquetOptions {
  readonly layout: Layout;
  readonly isCompressed?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Yields the rows of the file of this name, from its first group to its last. Only the columns that the layout needs
 * are read, and one group of rows is in memory at a time. Throws UnusableInput after the rows that could be read, if
 * the file is cut off, damaged or encrypted, if its columns are not those of trades, or if a group of its rows is too
 * large.
 */
export async function* parquetChunks(
  name: string,
  parts: ByteParts,
  { layout, isCompressed = false, signal }: ParquetOptions,
): AsyncGenerator<Chunk> {
  const origin: Origin = { name, layout, isCompressed };
  const { parquetMetadataAsync } = await import("hyparquet/src/metadata.js");
  const file = fileOf(parts, signal);
  const metadata = await whole(name, () => parquetMetadataAsync(file, { geoparquet: false }), signal);
  const columns = await whole(name, () => layout.columnsOf!(schemaOf(name, metadata)), signal);
  if ("unreadable" in columns) throw new UnusableInput({ name }, columns.unreadable);
  let before = 0;
  for (const [at, group] of metadata.row_groups.entries()) {
    signal?.throwIfAborted();
    const rows = await whole(name, () => checkedRows(name, at, group, columns, parts.size), signal);
    const values = await whole(name, () => valuesOf(file, metadata, group, columns, rows), signal);
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(rows, from + CHUNK_ROWS);
      yield { origin, bytes: NO_BYTES, start: 0, end: 0, records: { columns, values, from, to, before } };
    }
    before += rows;
  }
}

/**
 * Reads a whole Parquet file into memory. This is for a file that comes through a pipe or is compressed, because its
 * table of contents is at its end. Throws UnusableInput above 256 MiB.
 */
export async function bufferParquet(name: string, source: ByteSource): Promise<ByteParts> {
  const limit = BUFFER_LIMIT << 20;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await readUpTo(source, 1 << 20);
    if (piece.length === 0) break;
    pieces.push(piece);
    length += piece.length;
    if (length <= limit) continue;
    throw new UnusableInput(
      { name },
      `the Parquet file is larger than ${BUFFER_LIMIT} MiB and comes through a pipe or compressed, but its table of ` +
        "contents is at its end: give it as its own file",
    );
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return new BytesInMemory(bytes);
}

/** The file, as the library reads it. */
function fileOf(parts: ByteParts, signal: AbortSignal | undefined) {
  return {
    byteLength: parts.size,
    async slice(start: number, end: number = parts.size): Promise<ArrayBuffer> {
      const isInside = start >= 0 && end >= start && end <= parts.size;
      if (!isInside) throw new RangeError(`it has ${parts.size} bytes, but refers to bytes up to ${end}`);
      if (end - start > LARGEST_GROUP) throw new RangeError(`one of its parts has ${end - start} bytes`);
      signal?.throwIfAborted();
      const bytes = await parts.readPart(start, end - start);
      return bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
    },
  };
}

/** The top level of the schema. */
function schemaOf(name: string, { schema, row_groups: groups }: FileMetaData): ParquetColumn[] {
  if (groups.length > 0 && schema.length < 2) {
    throw damaged(name, new RangeError("its schema has no columns"));
  }
  const columns: ParquetColumn[] = [];
  for (let at = 1; at < schema.length;) {
    const element = schema[at]!;
    columns.push(columnOf(element));
    at = behind(schema, at);
  }
  return columns;
}

/** The position after an element and everything in it. */
function behind(schema: readonly SchemaElement[], at: number): number {
  let left = 1;
  for (; left > 0 && at < schema.length; at++) left += (schema[at]!.num_children ?? 0) - 1;
  return at;
}

function columnOf(element: SchemaElement): ParquetColumn {
  const { name, type, num_children: children = 0, repetition_type: repetition } = element;
  const { converted_type: converted, logical_type: logical, scale = 0 } = element;
  const isNested = children > 0 || repetition === "REPEATED" || type === undefined;
  const isDecimal = converted === "DECIMAL" || logical?.type === "DECIMAL";
  const isTime = logical?.type === "TIMESTAMP";
  return {
    name,
    physical: isNested ? null : PHYSICAL[type] ?? null,
    scale: isDecimal && scale >= 0 ? scale : null,
    timeUnit: isTime
      ? UNITS[logical.unit]
      : converted === "TIMESTAMP_MILLIS"
      ? "ms"
      : converted === "TIMESTAMP_MICROS"
      ? "us"
      : type === "INT96"
      ? "ns"
      : null,
  };
}

/** The file's metadata for a column in a group. */
function chunkOf(group: RowGroup, name: string): ColumnMetaData | undefined {
  return group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === name)?.meta_data;
}

/** Returns how many rows a group has, after checking that its metadata is plausible. */
function checkedRows(
  name: string,
  at: number,
  group: RowGroup,
  columns: readonly UsedColumn[],
  size: number,
): number {
  const rows = Number(group.num_rows);
  let bytes = 0;
  for (const column of columns) {
    const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === column.name)
      ?.meta_data;
    const values = Number(chunk?.num_values ?? -1);
    const compressed = Number(chunk?.total_compressed_size ?? -1);
    if (values !== rows || compressed < 0 || compressed > size) {
      throw damaged(
        name,
        new RangeError(`group ${at + 1} has ${rows} rows and column ${column.name} has ${values}`),
      );
    }
    bytes += Number(chunk!.total_uncompressed_size);
  }
  if (!(rows >= 0 && rows <= MOST_ROWS && bytes <= LARGEST_GROUP)) {
    const what = `group ${at + 1} of its rows has ${rows} rows and ${
      bytes >> 20
    } MiB in the columns that are read`;
    const most = `expected up to ${MOST_ROWS} rows and ${
      LARGEST_GROUP >> 20
    } MiB, because it is read at once`;
    throw new UnusableInput({ name }, `${what}, ${most}: ${REWRITE}`);
  }
  return rows;
}

/** The values of the columns, row by row. */
async function valuesOf(
  file: ReturnType<typeof fileOf>,
  { schema }: FileMetaData,
  group: RowGroup,
  columns: readonly UsedColumn[],
  rows: number,
): Promise<ArrayLike<unknown>[]> {
  const library = await pageLibrary();
  const values: ArrayLike<unknown>[] = [];
  for (const { name } of columns) {
    const meta = chunkOf(group, name)!;
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const bytes = await file.slice(start, start + Number(meta.total_compressed_size));
    const element = schema.find((one) => one.name === name && one.type !== undefined)!;
    values.push(columnValues({ meta, element, bytes }, rows, library));
  }
  return values;
}

/** Returns what `read` returns, and rethrows its errors about the file as UnusableInput. */
async function whole<T>(
  name: string,
  read: () => T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof UnusableInput ? error : damaged(name, error);
  }
}

function damaged(name: string, error: unknown): UnusableInput {
  // The library may read past the data and fail with its own error.
  const isUnforeseen = !(error instanceof Error) || error instanceof TypeError;
  const what = isUnforeseen ? "its table of contents or a page is not valid" : error.message;
  return new UnusableInput({ name }, `the Parquet file is cut off or damaged: ${what}. ${AGAIN}`, {
    cause: error,
  });
}
