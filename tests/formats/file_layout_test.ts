import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { layoutOf, layoutOfLines } from "../../src/formats/file_layout.ts";
import { bytesOf, HEADER, rows } from "../feeds/recorded_input.ts";

/** The layout's name, or what the file is instead. */
function printed(line: string | Uint8Array): string {
  const layout = layoutOf(typeof line === "string" ? bytesOf(line) : line);
  return typeof layout === "string" ? layout : layout.name;
}

Deno.test("layoutOf() distinguishes Binance public data, recordings and messages", () => {
  assertEquals(printed(rows(1)), "spot aggTrades");
  assertEquals(printed(HEADER.trimEnd() + "\r"), "futures aggTrades");
  assertEquals(printed(`{"stream":"btcusdt@trade","data":{}}`), "messages");
  assertEquals(printed(`1723161253937085768 {"stream":"btcusdt@trade"}`), "recording");
  assertEquals(printed(`1723161253937085768 a frame that is not JSON`), "recording");
  assertEquals(printed(`1723161253937085768   {"e":1}`), "recording");
});

Deno.test("layoutOf() says what else a file is and what to do with it", () => {
  const cases: [string | number[], string][] = [
    [[0x28, 0xb5, 0x2f, 0xfd, 4], `Zstandard: use "zstd -dc FILE | penstock backtest -"`],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], `xz: use "xz -dc FILE`],
    ["BZh91AY&SY", `bzip2: use "bzip2 -dc FILE`],
    [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "7z archive"],
    ["Rar!\x1a\x07", "RAR archive"],
    ["SQLite format 3\0\x10", "it is a database, such as a Penstock journal"],
    [[0xff, 0xfe, 0x31, 0], "UTF-16: save it as UTF-8"],
    [[0xfe, 0xff, 0, 0x31], "UTF-16: save it as UTF-8"],
    [`<?xml version="1.0"?><Error><Code>NoSuchKey</Code>`, "it is a web page or XML: perhaps an error"],
    [`[{"id":1}]`, "it is a JSON array, expected one message per line"],
    [`${"0a".repeat(32)}  BTCUSDT-trades-2025-01-01.zip`, "it is a checksum"],
    ["hello", `"hello"; expected commas between the fields`],
    ["1729987202368,1,2,3,4,5,6,7,8,9,10,11", "klines"],
  ];
  for (const [line, words] of cases) {
    assertStringIncludes(printed(typeof line === "string" ? line : new Uint8Array(line)), words);
  }
});

Deno.test("layoutOf() names the first bytes of a file that is not text, and the readable formats", () => {
  for (
    const [bytes, shown] of [
      [[0x7f, 0x45, 0x4c, 0x46], "7f 45 4c 46"],
      [[0x31, 0, 0x32], "31 00 32"],
      [[0x7b, 0xff, 0x22], "7b ff 22"],
      [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00], "89 50 4e 47 0d 0a 1a 0a"],
    ] as const
  ) {
    const words = printed(new Uint8Array(bytes));
    assertStringIncludes(
      words,
      `it is not text: its first line starts with the bytes ${shown}; Penstock reads`,
    );
  }
});

Deno.test("layoutOf() accepts a line that was cut within a character", () => {
  assertEquals(printed(bytesOf(`{"a":"€`).subarray(0, -1)), "messages");
});

/** What the first lines of a file show. */
function printedBy(lines: readonly string[], isAll = false): string | null {
  const layout = layoutOfLines(lines.map(bytesOf), isAll);
  if (layout === null || typeof layout === "string") return layout;
  return layout.name;
}

const SPOT = "3735683259,61837.63,0.02,1236.75,1723161255342,False,True";
const FUTURES = "3735683259,61837.63,0.02,1236.75,1723161255342,false";

Deno.test("layoutOfLines() trusts the second and third line if the first is damaged", () => {
  const damaged = [
    FUTURES,
    SPOT.slice(0, 30),
    SPOT.slice(20),
    SPOT.replace("False", "maybe"),
    `x${SPOT}`,
    `${SPOT},1`,
    SPOT.replace("3735683259", "NaN"),
    "garbage",
    "\0\0\0",
    "-",
  ];
  for (const first of damaged) assertEquals(printedBy([first, SPOT, SPOT]), "spot trades", first);
  assertEquals(printedBy(["17231612", `1723161253937085 {"e":1}`, `1723161253937086 {"e":1}`]), "recording");
});

Deno.test("layoutOfLines() treats a damaged first line as a row, even if it looks like a header", () => {
  const lines = [`x${SPOT}`, SPOT, SPOT];
  const layout = layoutOfLines(lines.map(bytesOf), true);
  assert(typeof layout === "object" && layout !== null);
  const reader = layout.reader(new BinanceMessageReader("BTCUSDT"), false);
  const bytes = bytesOf(lines.join("\n"));
  reader.open({ origin: { name: "a.csv", layout }, bytes, start: 0, end: bytes.length });
  assertEquals([reader.next(), reader.line, reader.next(), reader.next()], ["rejected", 1, "trade", "trade"]);
});

Deno.test("layoutOfLines() trusts the first line if it is whole or if the others disagree", () => {
  assertEquals(printedBy([SPOT, SPOT, SPOT]), "spot trades");
  assertEquals(printedBy([SPOT, FUTURES, SPOT]), "spot trades");
  assertEquals(printedBy([SPOT, FUTURES, "x"]), "spot trades");
  assertEquals(printedBy([SPOT, "{}", "{}"]), "spot trades");
  assertEquals(printedBy([HEADER.trimEnd(), SPOT, SPOT]), "futures aggTrades");
  assertEquals(
    printedBy([" price,id,qty,quote_qty,time,is_buyer_maker", FUTURES, FUTURES]),
    "futures trades in the order of the header",
  );
  for (const stranger of ["trade_id,price,size,time,side", "<html>", `[{"id":1}]`, "SQLite format 3\0"]) {
    assertEquals(printedBy([stranger, SPOT, SPOT]), printed(stranger));
  }
  assertEquals(printedBy(["garbage", SPOT, FUTURES]), printed("garbage"));
});

Deno.test("layoutOfLines() asks for more lines only if it needs them and there are more", () => {
  for (const lines of [[SPOT], [SPOT, SPOT], ["garbage"], ["garbage", SPOT], []]) {
    assertEquals(printedBy(lines), null);
  }
  assertEquals(printedBy([SPOT], true), "spot trades");
  assertEquals(printedBy([FUTURES, SPOT], true), "futures trades");
  assertEquals(printedBy(["garbage", SPOT], true), printed("garbage"));
  assertEquals([printedBy([`{"e"`]), printedBy([`1723161253937085 {}`]), printedBy([HEADER.trimEnd()])], [
    "messages",
    "recording",
    "futures aggTrades",
  ]);
});

Deno.test("layoutOf() has an answer to everything, without a control character in it", () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ minLength: 1 }), fc.string().map(bytesOf)), (line) => {
    const layout = layoutOf(line);
    // deno-lint-ignore no-control-regex
    if (typeof layout === "string") assert(!/[\x00-\x1f\x7f]/.test(layout), layout);
  }));
});
