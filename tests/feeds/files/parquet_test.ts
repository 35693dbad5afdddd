/** Parquet files that another program wrote (parquet/make.py) hold the trades of a CSV file, to the digit. */
import { assert, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { UnusableInput } from "../../../src/domain/market/unusable_input.ts";
import { priceText } from "../../../src/domain/numbers/price.ts";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";
import { BytesInMemory } from "../../../src/feeds/files/byte_source.ts";
import { parquetChunks } from "../../../src/feeds/files/parquet_file.ts";
import { recordedChunks } from "../../../src/feeds/files/recorded_files.ts";
import { ChunkReader } from "../../../src/formats/chunk_reader.ts";
import { layoutOf } from "../../../src/formats/file_layout.ts";
import { parquetOf } from "../../../src/formats/parquet.ts";
import type { Chunk, TradeFile } from "../../../src/formats/trade_file.ts";
import { fuzzCases } from "../../support/fuzz_inputs.ts";
import { Folder, gzip, zip } from "../recorded_input.ts";
import { assertEquals } from "../../support/equals.ts";

const FOLDER = new URL("parquet/", import.meta.url);
const FILES = ["doubles", "texts", "decimals", "integers", "int96"] as const;
/** What is read of a trade. */
type Read = readonly [
  firstId: number,
  lastId: number,
  time: number,
  price: string,
  quantity: string,
  sold: boolean,
];

function pathOf(name: string): string {
  return new URL(name, FOLDER).pathname;
}

/** The trades in chunks; and the reasons of rejections. */
async function readAll(
  chunks: AsyncIterable<Chunk>,
  { strict = true, blocks = [0], symbol = "BTCUSDT" } = {},
): Promise<(Read | string)[]> {
  const reader = new ChunkReader(new BinanceMessageReader(symbol), strict);
  const found: (Read | string)[] = [];
  let after = { id: -1, time: 0, decimals: 8 };
  let turn = 0;
  for await (const chunk of chunks) {
    reader.open(chunk);
    for (;;) {
      const most = blocks[turn++ % blocks.length]!;
      let block = most === 0 || after.id < 0 ? null : reader.takeBlock(after, most);
      if (block !== null && turn % 2 === 0) {
        reader.giveBack();
        block = reader.takeBlock(after, most)!;
      }
      if (block !== null) {
        for (let row = 0; row < block.size; row++) {
          const firstId = row === 0 ? block.firstId : block.id[row - 1]! + 1;
          const price = priceText(block.price[row]!, block.decimals);
          const quantity = quantityText(block.quantityWhole[row]!, block.quantityFraction[row]!);
          found.push([
            firstId,
            block.id[row]!,
            block.time[row]!,
            price,
            quantity,
            block.buyerIsMaker[row] === 1,
          ]);
        }
        after = { ...after, id: block.id[block.size - 1]!, time: block.time[block.size - 1]! };
        continue;
      }
      const read = reader.next();
      if (read === null) break;
      if (read === "rejected") found.push(reader.reason);
      if (read !== "trade") continue;
      const { firstId, lastId, time, price, decimals, quantityWhole, quantityFraction, buyerIsMaker } =
        reader.trade;
      const quantity = quantityText(quantityWhole, quantityFraction);
      found.push([firstId, lastId, time, priceText(price, decimals), quantity, buyerIsMaker]);
      after = { ...after, id: lastId, time };
    }
  }
  return found;
}

function quantityText(whole: number, fraction: number): string {
  return `${whole}.${String(fraction).padStart(8, "0")}`.replace(/\.?0+$/, "");
}

/** The rows of trades.csv. */
function expectedRows(): Read[] {
  const [, ...rows] = Deno.readTextFileSync(pathOf("trades.csv")).trim().split("\n");
  return rows.map((row) => {
    const [id = "", price = "", quantity = "", time = "", sold] = row.split(",");
    const plain = (text: string) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    return [Number(id), Number(id), Number(time), plain(price), plain(quantity), sold === "true"];
  });
}

function chunksOf(
  bytes: Uint8Array<ArrayBuffer>,
  format: TradeFile = parquetOf(null, null),
): AsyncGenerator<Chunk> {
  const layout = layoutOf(bytes.subarray(0, 4), [format]);
  if (typeof layout === "string") throw new TypeError(layout);
  return parquetChunks("a.parquet", new BytesInMemory(bytes), { layout });
}

Deno.test("Parquet files of any types, encodings and compression hold the same trades, by blocks or one by one", async () => {
  const expected = expectedRows();
  assertEquals(expected.length, 240);
  for (const name of FILES) {
    for (const blocks of [[0], [8, 0, 2048]]) {
      const found = await readAll(recordedChunks([pathOf(`${name}.parquet`)]), { blocks });
      assertEquals(found, expected, name);
    }
  }
});

Deno.test("a Parquet file of aggregates has the ids that each covers", async () => {
  const found = await readAll(recordedChunks([pathOf("aggregates.parquet")]));
  assertEquals(found, expectedRows().map(([, , ...rest], at) => [2 * at, 2 * at + 1, ...rest] as const));
});

Deno.test("--columns says what the columns of a Parquet file hold, and 32-bit numbers are read as they print", async () => {
  const bytes = Deno.readFileSync(pathOf("unnamed.parquet"));
  const format = parquetOf(["time", "price", "quantity", "side"], null);
  const expected = expectedRows().map(([, , time, , quantity, sold], at) => {
    const price = `${(600_001 + at) / 10}`;
    return [at + 1, at + 1, time - time % 1000, price, quantity, sold];
  });
  assertEquals(await readAll(chunksOf(bytes, format)) as unknown, expected);
  const refused = async (format: TradeFile) => {
    try {
      await readAll(chunksOf(bytes, format));
    } catch (error) {
      assert(error instanceof UnusableInput);
      return error.message;
    }
    throw new TypeError("it was read");
  };
  assertStringIncludes(
    await refused(parquetOf(null, null)),
    `its columns, "a", "b", "c", "d", hold no time and no price`,
  );
  assertStringIncludes(
    await refused(parquetOf(["time", "price", "quantity"], null)),
    `the file has 4 columns, "a", "b", "c", "d", and --columns time,price,quantity names 3`,
  );
});

Deno.test("a Parquet file may be compressed or in an archive, and is then read into memory", async () => {
  await using folder = new Folder();
  const bytes = Deno.readFileSync(pathOf("doubles.parquet"));
  const expected = expectedRows();
  for (
    const path of [
      await folder.write("a.parquet.gz", gzip(bytes)),
      await folder.write("a.zip", await zip({ "a.parquet": bytes })),
    ]
  ) {
    assertEquals(await readAll(recordedChunks([path])), expected);
  }
});

Deno.test("rows of another symbol are skipped", async () => {
  const chunks = recordedChunks([pathOf("texts.parquet")]);
  assertEquals(await readAll(chunks, { symbol: "ETHUSDT" }), []);
});

Deno.test("a Parquet file that is cut off says so, wherever it is cut", async () => {
  const bytes = Deno.readFileSync(pathOf("integers.parquet"));
  for (let end = 4; end < bytes.length; end += 97) {
    let message = "";
    try {
      await readAll(chunksOf(bytes.slice(0, end)));
    } catch (error) {
      assert(error instanceof UnusableInput, String(error));
      message = error.message;
    }
    assertStringIncludes(message, "a.parquet: the Parquet file is cut off or damaged: ");
  }
});

Deno.test("no damage makes reading a Parquet file throw anything but UnusableInput, hang, or take gigabytes", async () => {
  // Brotli's decompressor prints what it finds.
  const files = [...FILES, "aggregates"].filter((name) => name !== "int96").map((name) =>
    Deno.readFileSync(pathOf(`${name}.parquet`))
  );
  let [read, refused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(
        fc.tuple(fc.noBias(fc.nat(99_999)).map((place) => place / 100_000), fc.integer({ min: 0, max: 255 })),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
      fc.boolean(),
      async (file, edits, isAtEnd) => {
        const damaged = file.slice();
        // What matters most is at the end.
        for (const [where, value] of edits) {
          const at = isAtEnd
            ? damaged.length - 1 - Math.floor(where * 1500)
            : 4 + Math.floor(where * (damaged.length - 4));
          damaged[at] = damaged[at]! ^ (value % 2 === 0 ? value : 1 << value % 8);
        }
        try {
          const found = await readAll(chunksOf(damaged), { strict: false });
          assert(found.length <= 3 * 240);
          read++;
        } catch (error) {
          assert(error instanceof UnusableInput, String(error));
          refused++;
        }
      },
    ),
    { numRuns: fuzzCases(600) },
  );
  assert(read > 100 && refused > 100, `${read} ${refused}`);
});
