import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { readRecordedTrades } from "../../src/simulator/recorded_trades.ts";
import { UnusableInput } from "../../src/domain/market/unusable_input.ts";
import { Folder, OpeningPipe } from "../feeds/recorded_input.ts";

/** Runs `test` with a file that holds `content`. */
async function withFile(content: string | Uint8Array, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

function frame(id: number, price: string, quantity: string): string {
  return `{"e":"trade","E":1777807004060,"s":"BTCUSDT","t":${id},"p":"${price}","q":"${quantity}",` +
    `"T":1777807004059,"m":true,"M":true}`;
}

const OWN = [
  `1777807004000000 {"penstock":{"event":"recording","version":1,"symbol":"BTCUSDT"}}`,
  `1777807004000001 {"penstock":{"event":"connected","endpoint":"ws://127.0.0.1:1","attempt":1}}`,
  `1777807004060000 ${frame(7, "78530.40000000", "999999999999999.00000001")}`,
  `1777807004061000 {"e":"trade","s":"BTCUSDT","t":`,
  `1777807004062000 {"penstock":{"event":"disconnected","reason":"it broke","retryInMs":5}}`,
  `1777807004063000 ${frame(8, "0.00000001", "0.00000001")}`,
  "",
].join("\n");

const SERVED = [
  { id: 7, price: "78530.40000000", quantity: "999999999999999.00000001" },
  { id: 8, price: "0.00000001", quantity: "0.00000001" },
].map((trade) => ({ ...trade, time: 1777807004059, buyerIsMaker: true }));

Deno.test("readRecordedTrades() reads what --record writes, and skips notes and malformed frames", async () => {
  await withFile(
    OWN,
    async (path) => assertEquals(await readRecordedTrades(path, new BinanceMessageReader("BTCUSDT")), SERVED),
  );
});

Deno.test("readRecordedTrades() reads a recording that a crash cut short, up to there", async () => {
  const torn = OWN + `1777807004064000 {"e":"trade","E":17778`;
  await withFile(
    torn,
    async (path) => assertEquals(await readRecordedTrades(path, new BinanceMessageReader("BTCUSDT")), SERVED),
  );
  // One gzip member a second, of which the last was still being written.
  const members = [OWN, torn].map((text) => new Uint8Array(gzipSync(text)));
  const compressed = new Uint8Array([...members[0]!, ...members[1]!.subarray(0, 30)]);
  await withFile(
    compressed,
    async (path) => assertEquals(await readRecordedTrades(path, new BinanceMessageReader("BTCUSDT")), SERVED),
  );
});

Deno.test("readRecordedTrades() reads Binance's files, and gives prices all their decimals", async () => {
  await withFile(
    "9,0.5,2,1.0,1735689600000001,False,True\n",
    async (path) =>
      assertEquals(await readRecordedTrades(path, new BinanceMessageReader("BTCUSDT")), [
        { id: 9, price: "0.50000000", quantity: "2.00000000", time: 1735689600000.001, buyerIsMaker: false },
      ]),
  );
});

Deno.test("readRecordedTrades() names a line that cannot be read, and a symbol without trades", async () => {
  await withFile(`${frame(1, "1", "1")}\n${frame(2, "one", "1")}\n`, async (path) => {
    const { message } = await assertRejects(
      () => readRecordedTrades(path, new BinanceMessageReader("BTCUSDT")),
      UnusableInput,
    );
    assertEquals(message.slice(path.length, path.length + 5), ":2:52");
    await assertRejects(
      () => readRecordedTrades(path, new BinanceMessageReader("ETHUSDT")),
      UnusableInput,
      "holds no trades of ETHUSDT",
    );
  });
});

Deno.test({
  name: "readRecordedTrades() stops waiting for a pipe without a writer when its signal aborts",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = new Folder();
    const pipe = await folder.pipe("pipe");
    await using opening = new OpeningPipe(pipe);
    const stop = new AbortController();
    const reading = assertRejects(
      () => readRecordedTrades(pipe, new BinanceMessageReader("BTCUSDT"), stop.signal),
      Error,
      "enough",
    );
    await opening.begun;
    stop.abort(new Error("enough"));
    await reading;
  },
});
