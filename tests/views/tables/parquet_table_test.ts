import { assertRejects, assertThrows } from "@std/assert";
import { parquetMetadata } from "hyparquet";
import fc from "fast-check";
import { ConfigError } from "../../../src/domain/process/config_error.ts";
import { type Cell, COLUMNS, type TableName } from "../../../src/views/tables/export_tables.ts";
import { parquetTable } from "../../../src/views/tables/parquet_table.ts";
import { exactRows } from "./parquet_reading.ts";
import { assertEquals } from "../../support/equals.ts";
import { ANY_CHARACTER } from "../../support/any_character.ts";

/** The file with these rows, written in small pieces. */
async function fileOf(table: TableName, rows: Iterable<readonly Cell[]>): Promise<Uint8Array> {
  let hex = "";
  const sink = {
    writeSync(bytes: Uint8Array): number {
      const taken = bytes.subarray(0, 10_000);
      hex += taken.toHex();
      return taken.length;
    },
  };
  const file = await parquetTable(sink, table);
  for (const cells of rows) file.add(cells);
  file.finish();
  return Uint8Array.fromHex(hex);
}

const ARBITRARY = {
  number: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  time: fc.integer({ min: 0, max: 8_993_000_000_000_000 }),
  text: fc.string({ unit: ANY_CHARACTER }),
  amount: fc.tuple(
    fc.constantFrom("", "-"),
    fc.bigInt(0n, 10n ** 20n - 1n),
    fc.stringMatching(/^(\.\d{1,18})?$/),
  )
    .map((parts) => parts.join("")),
};

Deno.test("parquetTable() keeps every amount, time, number and text exactly, and empty cells empty", async () => {
  for (const table of Object.keys(COLUMNS) as TableName[]) {
    const kinds = Object.entries(COLUMNS[table]);
    const row = fc.tuple(...kinds.map(([, kind]) => fc.option(ARBITRARY[kind] as fc.Arbitrary<Cell>)));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        const read = await exactRows(await fileOf(table, rows));
        const expected = rows.map((cells) =>
          Object.fromEntries(kinds.map(([name, kind], at) => {
            const cell = cells[at] ?? null;
            if (cell === null || kind === "text") return [name, cell];
            if (kind !== "amount") return [name, BigInt(cell)];
            const [whole = "", decimals = ""] = String(cell).split(".");
            return [name, BigInt(whole + decimals.padEnd(18, "0"))];
          }))
        );
        assertEquals(read, expected);
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("parquetTable() has a type for every column: decimals of 38 digits, times in µs UTC, texts, whole numbers", async () => {
  const { schema, created_by } = parquetMetadata((await fileOf("equity", [])).slice().buffer);
  assertEquals(created_by, "penstock");
  const shown = schema.slice(1).map(({ name, type, logical_type, converted_type }) =>
    [name, type, logical_type?.type ?? converted_type] as const
  );
  assertEquals(shown, [
    ["run", "INT64", undefined],
    ["time", "INT64", "TIMESTAMP"],
    ["symbol", "BYTE_ARRAY", "STRING"],
    ["event", "BYTE_ARRAY", "STRING"],
    ["tradeId", "INT64", undefined],
    ...["price", "cash", "position", "equity"].map((name) =>
      [name, "FIXED_LEN_BYTE_ARRAY", "DECIMAL"] as const
    ),
  ]);
  assertEquals(schema[2]!.logical_type, { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" });
});

Deno.test("parquetTable() writes a group of rows at a time, so that memory does not grow with them", async () => {
  const cells = [1, 1_795_959_075_372_000, "BTCUSDT", "fill", 7, "60003.85", "0", "0.1", "6000.385"];
  let length = 0;
  const lengths: number[] = [];
  const file = await parquetTable({
    writeSync: (bytes) => {
      length += bytes.length;
      return bytes.length;
    },
  }, "equity");
  for (let row = 1; row <= 40_001; row++) {
    file.add(cells);
    if (row % 20_000 < 2) lengths.push(length);
  }
  assertEquals(lengths.map((at, i) => at > (lengths[i - 1] ?? 0)), [false, true, false, true, false]);
});

Deno.test("parquetTable() refuses an amount that 38 digits with 18 decimals cannot hold, and anything that is not an amount", async () => {
  const file = await parquetTable({ writeSync: (bytes) => bytes.length }, "equity");
  const row = (amount: string) => [1, 0, "BTCUSDT", "fill", 7, amount, "0", "0", "0"];
  file.add(row(`${"9".repeat(20)}.${"9".repeat(18)}000`));
  for (const amount of ["1" + "0".repeat(20), "0.0000000000000000001", "1e5", "", "NaN", "+1"]) {
    const error = assertThrows(() => file.add(row(amount)), ConfigError);
    assertEquals(error.message.includes(`a price is ${amount}: use --format csv`), true, error.message);
  }
  await assertRejects(() => fileOf("equity", [row("1,5")]), ConfigError);
});
