/**
 * A backtest of millions of trades that no file holds: its input is one line that stands for them, so that making the
 * trades costs less than trading them.
 *
 *     deno run --allow-read --allow-write tests/support/large_backtest.ts FOLDER TRADES
 *
 * writes report.html and result.json into the folder.
 */
import { backtest } from "../../src/commands/backtest.ts";
import { configure } from "../../src/config/config.ts";
import { BLOCK_ROWS, type ReadBlock } from "../../src/domain/market/block.ts";
import { TradeBlock } from "../../src/domain/market/trade_block.ts";
import {
  type Followed,
  noTrades,
  type ReadResult,
  type TradeFields,
} from "../../src/domain/market/trade_reader.ts";
import { type Chunk, complainAt, type FileReader, type TradeFile } from "../../src/formats/trade_file.ts";
import { MemoryView } from "../views/memory_view.ts";
import { SeededRandom } from "./random.ts";

const LINE = /^(\d+) trades$/;
/** One trade every 50 ms. */
const APART = 50_000;
const START = Date.UTC(2025, 0, 6) * 1000;
/** Prices are whole cents, none of them a multiple of ten, so that their unit never changes. */
const DECIMALS = 2;

/** Waves around 60,000, some of them high enough to earn more than the fees. */
class Waves implements FileReader {
  readonly symbol: string;
  readonly line = 1;
  readonly emptyFirstId = -1;
  readonly emptyId = -1;
  readonly reason = "";
  trade: TradeFields;
  readonly #block: TradeBlock;
  readonly #random = new SeededRandom(1);
  #left = 0;
  #id = 0;
  #noise = 0;

  constructor(symbol: string) {
    this.symbol = symbol;
    this.trade = noTrades(symbol).trade;
    this.#block = new TradeBlock(symbol);
  }

  open({ bytes, start, end }: Chunk): void {
    this.#left = Number(LINE.exec(new TextDecoder().decode(bytes.subarray(start, end)).trim())![1]);
  }

  next(): ReadResult | null {
    if (this.#left === 0) return null;
    this.trade = this.#next();
    return "trade";
  }

  takeBlock({ decimals }: Followed, most: number): ReadBlock | null {
    if (decimals !== DECIMALS || this.#left === 0) return null;
    const block = this.#block;
    block.open(this.#id + 1, decimals, false);
    block.highest = 0;
    for (let rows = Math.min(this.#left, most, BLOCK_ROWS); rows > 0; rows--) {
      const trade = this.#next();
      block.add(trade, trade.price, 0);
      block.highest = Math.max(block.highest, trade.price);
      block.latest = trade.time;
    }
    return block;
  }

  sample(): string {
    return `trade ${this.#id}`;
  }

  complain(): ReturnType<FileReader["complain"]> {
    return complainAt({ name: "made-up trades", line: 1 }, true);
  }

  #next(): TradeFields {
    this.#left--;
    const at = this.#id++;
    this.#noise = 0.9 * this.#noise + 60 * (this.#random.fraction() - 0.5);
    const wave = (7_000 + 5_000 * Math.sin(at / 50_000)) * Math.sin(at / 70);
    const price = 600_000 + Math.round((200_000 * Math.sin(at / 200_000) + wave + this.#noise) / 10);
    return {
      firstId: this.#id,
      lastId: this.#id,
      time: START + at * APART,
      price: price * 10 + 1,
      decimals: DECIMALS,
      quantityWhole: 0,
      quantityFraction: 50_000_000,
      buyerIsMaker: at % 2 === 0,
    };
  }
}

const manyTrades: TradeFile = {
  name: "made-up trades",
  layoutOf: ({ text }) =>
    text === null || !LINE.test(text) ? null : {
      name: "made-up trades",
      unit: "line",
      isCertain: true,
      outweighs: false,
      namesSymbol: false,
      reader: ({ symbol }) => new Waves(symbol),
    },
};

const [folder = ".", trades = "5000000"] = Deno.args;
await Deno.writeTextFile(`${folder}/trades.txt`, `${trades} trades\n`);
const options = {
  cash: "10000000",
  report: `${folder}/report.html`,
  out: `${folder}/result.json`,
  "log-level": "error",
};
const given = Object.fromEntries(
  Object.entries(options).map(([name, text]) => [name, { text, source: "command line" as const }]),
);
await backtest({
  ...configure(given, [], "backtest"),
  command: "backtest",
  version: "0",
  files: [`${folder}/trades.txt`],
  signal: new AbortController().signal,
  blocking: (work) => work(),
}, { views: [() => new MemoryView()], formats: [manyTrades] });
