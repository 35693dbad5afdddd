/**
 * Writes a file of made-up trades in Binance's layout of spot trades, for the benchmarks. The same seed gives the same
 * bytes.
 *
 *     deno run --allow-write=trades.csv tests/bench/make_csv.ts trades.csv [trades] [seed]
 */
import { priceProcess } from "../../src/simulator/price_process.ts";

const FLUSH_CHARACTERS = 1024 * 1024;
const START = Date.UTC(2025, 0, 1);

/** Writes `count` trades to `path`; returns the number of bytes. */
export function makeCsv(path: string, count: number, seed = 1): number {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const encoder = new TextEncoder();
  let text = "";
  let bytes = 0;
  const flush = (): void => {
    const encoded = encoder.encode(text);
    text = "";
    for (let at = 0; at < encoded.length;) at += file.writeSync(encoded.subarray(at));
    bytes += encoded.length;
  };
  const trades = priceProcess({ seed, rate: 20, firstId: 1, startTime: START });
  for (const { id, price, quantity, time, buyerIsMaker } of trades.take(count)) {
    const quote = (Number(price) * Number(quantity)).toFixed(8);
    text += `${id},${price},${quantity},${quote},${time * 1000},${buyerIsMaker ? "True" : "False"},True\n`;
    if (text.length >= FLUSH_CHARACTERS) flush();
  }
  flush();
  return bytes;
}

if (import.meta.main) {
  const [path, count = "5000000", seed = "1"] = Deno.args;
  if (path === undefined) {
    console.error("expected: make_csv.ts PATH [TRADES] [SEED]");
    Deno.exit(2);
  }
  console.log(`${makeCsv(path, Number(count), Number(seed))} bytes in ${path}`);
}
