/** Checks which messages the WebAssembly loop reads, so that no ordinary message takes the slow way unnoticed. */
import { assert, assertEquals } from "@std/assert";
import { BinanceMessageReader } from "../../../src/exchanges/binance/binance_message.ts";

const ENCODER = new TextEncoder();
const TRADE =
  `{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}`;
const OLD_TRADE =
  `{"e":"trade","E":1663000000123,"s":"BTCUSDT","t":1700000001,"p":"20123.45000000","q":"1.50000000","b":123456789,"a":987654321,"T":1663000000122,"m":false,"M":true}`;
const AGGREGATE =
  `{"e":"aggTrade","E":1723161255343,"s":"BTCUSDT","a":3071000001,"p":"61837.63000000","q":"12.00410000","f":3735683259,"l":3735683263,"T":1723161255342123,"m":false,"M":true}`;
const combined = (body: string, event = "trade") => `{"stream":"btcusdt@${event}","data":${body}}`;
const USUAL = [
  TRADE,
  combined(TRADE),
  TRADE.replace(`,"M":true`, ""),
  OLD_TRADE,
  combined(OLD_TRADE),
  AGGREGATE,
  combined(AGGREGATE, "aggTrade"),
];
const NOTICE = `{"result":null,"id":1}`;

Deno.test("BinanceScan.readFrames() takes every usual message, and stops before any other", () => {
  const { scan } = new BinanceMessageReader("BTCUSDT");
  const many = Array.from({ length: 200 }, (_, index) => USUAL[index % USUAL.length]!);
  assert(scan.takeFrames(many));
  assertEquals(scan.readFrames(0), 200);
  for (
    const other of [
      NOTICE,
      TRADE.slice(0, -1),
      `${TRADE} `,
      TRADE + TRADE,
      "",
      TRADE.replace("BTCUSDT", "BTCUSDC"),
      TRADE.replace(`"t":`, `"t": `),
      TRADE.replace("3735683259", "03735683259"),
      TRADE.replace("1723161255342", "0"),
      TRADE.replace("true", "TRUE"),
      AGGREGATE.replace("3735683263", "3735683258"),
      combined(TRADE).slice(0, -1),
    ]
  ) {
    assert(scan.takeFrames([...USUAL, other, ...USUAL]));
    assertEquals(scan.readFrames(0), USUAL.length, other);
    assertEquals(scan.readFrames(USUAL.length), 0, other);
    assertEquals(scan.readFrames(USUAL.length + 1), USUAL.length, other);
    assertEquals(scan.readFrames(USUAL.length + 1, 2), 2, other);
    assertEquals(scan.readFrames(USUAL.length + 3), USUAL.length - 2, other);
    assertEquals(scan.readFrames(2 * USUAL.length + 1), 0, other);
  }
});

Deno.test("BinanceScan.takeFrames() refuses what is not ASCII or too long, and reads none of it", () => {
  const { scan } = new BinanceMessageReader("BTCUSDT");
  for (
    const frames of [[TRADE, "é"], [TRADE, "\ud800"], [TRADE, " ".repeat(70_000)], Array(3_000).fill("")]
  ) {
    assert(!scan.takeFrames(frames));
    assertEquals(scan.readFrames(0), 0);
  }
  assert(scan.takeFrames([]));
  assertEquals(scan.readFrames(0), 0);
});

Deno.test("BinanceScan.readLines() takes lines with any time of receipt, even more than fit into its memory", () => {
  const reader = new BinanceMessageReader("BTCUSDT");
  const { scan } = reader;
  const times: readonly (readonly [text: string, time: number])[] = [
    ["1723161255342123", 1723161255342123],
    ["1723161255342123987", 1723161255342123],
    ["1723161255342", 1723161255342000],
    ["1723161255", 1723161255000000],
    ["172316125534212398", 172316125534212],
  ];
  const all = Array.from({ length: 3_000 }, (_, index) => times[index % times.length]!);
  for (const end of ["\n", "\r\n"]) {
    const lines = all.map(([text], index) => `${text} ${USUAL[index % USUAL.length]}${end}`);
    const bytes = ENCODER.encode(lines.join(""));
    scan.open(bytes, bytes.length);
    let at = 0;
    let line = 0;
    while (at < bytes.length) {
      const rows = scan.readLines(at, true);
      assert(rows > 0, `line ${line} was not taken: ${lines[line]}`);
      for (let row = 0; row < rows; row++, line++) {
        assertEquals(scan.receivedAt(row), all[line]![1]);
        assertEquals(scan.startOf(row), at + all[line]![0].length + 1);
        at += lines[line]!.length;
      }
      assertEquals(scan.stoppedAt, at);
    }
    assertEquals(line, lines.length);
  }
});

Deno.test("BinanceScan.readLines() stops before any other line, and before one without its line feed", () => {
  const { scan } = new BinanceMessageReader("BTCUSDT");
  for (const other of [NOTICE, "", " ", `${TRADE} \n`, `17 ${TRADE}\n`, `${TRADE}\r\r\n`, TRADE]) {
    const bytes = ENCODER.encode(`${TRADE}\n${AGGREGATE}\n${other}`);
    scan.open(bytes, bytes.length);
    assertEquals([scan.readLines(0, false), scan.stoppedAt], [2, TRADE.length + AGGREGATE.length + 2], other);
  }
});

Deno.test("a symbol outside ASCII has a scan, which reads its messages from bytes", () => {
  const { scan } = new BinanceMessageReader("币安USDT");
  const bytes = ENCODER.encode(`${TRADE}\n${TRADE.replace("BTCUSDT", "币安USDT")}\n`);
  scan.open(bytes, bytes.length);
  assertEquals(scan.readLines(0, false), 0);
  assertEquals(scan.readLines(TRADE.length + 1, false), 1);
});

Deno.test("a symbol of any length has a scan, which takes its messages unless the symbol is too long", () => {
  for (const symbol of ["B", "A".repeat(180), "A".repeat(300)]) {
    const { scan } = new BinanceMessageReader(symbol);
    assert(scan.takeFrames([TRADE.replace("BTCUSDT", symbol), TRADE]));
    assertEquals(scan.readFrames(0), symbol.length < 200 ? 1 : 0);
    assertEquals(scan.readFrames(1), 0);
  }
});
