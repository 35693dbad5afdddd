/** Backtests of klines: as the naive reference trades their prints, and with the bars and signals of the trades behind. */
import { assert, assertGreater, assertStringIncludes } from "@std/assert";
import { decoderOf } from "../../src/exchanges/known_exchanges.ts";
import { configure } from "../../src/config/config.ts";
import { barSizeIn } from "../../src/domain/market/bar_size.ts";
import { recordedChunks } from "../../src/feeds/files/recorded_files.ts";
import { ChunkReader } from "../../src/formats/chunk_reader.ts";
import { barStageOf } from "../../src/stages/bars.ts";
import { Parse } from "../../src/stages/parse.ts";
import { Folder, gzip, zip } from "../feeds/recorded_input.ts";
import {
  type Kline,
  KLINE_HEADER,
  klineRow,
  klinesOf,
  parts,
  partsText,
  printsOf,
} from "../support/klines.ts";
import { DEFAULTS } from "../support/pipeline_input.ts";
import { gzipLines, isRecorded, recordedFile, zipLines } from "../support/recorded_data.ts";
import { type Choices, computeReference, type PlainTrade } from "../support/reference.ts";
import { csvText, type FileTrade, walk } from "../support/trade_files.ts";
import { assertSame, backtest, eventsFrom } from "./backtest_run.ts";
import { assertEquals } from "../support/equals.ts";

const MINUTE = 60_000_000;
const OPTIONS = ["--short", "3", "--long", "8", "--max-drawdown", "100%"];

/** Trades of some hours with now and then a few minutes without any. */
function hours(seed: number, count: number): FileTrade[] {
  let time = Date.UTC(2025, 0, 1) * 1000;
  return walk(seed, count, { firstId: 1 }).map((trade, at) => {
    time += (at * 7919 + seed) % 40 === 0 ? 200_000_000 : ((at * 104_729) % 20_000) * 1000;
    return { ...trade, time };
  });
}

/** The prints of klines as the reference takes trades. The ids of klines without trades are no gap. */
function plainPrints(klines: readonly Kline[], unit: "ms" | "µs" = "ms"): PlainTrade[] {
  let before = 4 * klines[0]!.openTime / klines[0]!.interval - 1;
  return klines.flatMap((kline) =>
    printsOf(kline, unit).map((print, at) => {
      const firstId = before + 1;
      before = 4 * kline.openTime / kline.interval + at;
      return { ...print, firstId, lastId: before };
    })
  );
}

function textOf(klines: readonly Kline[], unit: "ms" | "µs" = "ms"): string {
  return klines.map((kline) => klineRow(kline, unit)).join("");
}

/** The bars that close over a file, each as text: open, high, low, close and volume. */
async function barsOf(path: string, size: string, symbol: string): Promise<string[]> {
  const { config } = configure({ symbol: { text: symbol, source: "command line" } });
  const reader = new ChunkReader(decoderOf(config), true);
  const parse = new Parse();
  const stage = barStageOf(barSizeIn(size)!)!;
  const found: string[] = [];
  for await (const chunk of recordedChunks([path])) {
    for (reader.open(chunk);;) {
      for (const block of stage.over(parse.over(reader))) {
        for (let at = 0; at < block.bars!.size; at++) {
          const { open, high, low, close, decimals, volume, flats } = block.bars!.at(at);
          const unit = 10n ** BigInt(8 - decimals);
          const exact = (count: number) => partsText(BigInt(count) * unit);
          found.push([...[open, high, low, close].map(exact), partsText(volume)].join(" "));
          for (let flat = 0; flat < flats; flat++) found.push(`${`${exact(close)} `.repeat(4)}0.00000000`);
        }
      }
      if (reader.takeNote() === null) break;
    }
  }
  return found;
}

/** What the signals say, apart from their trade. */
function signalsOf(events: readonly { readonly [key: string]: unknown }[]): string[] {
  return events.filter(({ type }) => type === "signal").map(({ side, price, shortAverage, longAverage }) =>
    [side, price, shortAverage, longAverage].join(" ")
  );
}

Deno.test("a backtest of klines trades their prints as the reference does, whatever the files", async () => {
  await using folder = new Folder();
  const klines = klinesOf(hours(3, 3_000), MINUTE);
  assert(klines.some(({ volume }) => parts(volume) === 0n));
  const choices: readonly (readonly [string[], Partial<Choices>])[] = [
    [[], {}],
    [["--bars", "5m", "--latency", "30s", "--slippage", "3"], {
      bars: "5m",
      latency: 30_000_000,
      slippage: "3",
    }],
    [["--bars", "2m", "--stop-loss", "0.05%", "--participation", "5%"], {
      bars: "2m",
      stopLoss: "0.0005",
      participation: "0.05",
    }],
  ];
  const half = klines.length >> 1;
  const overlap = plainPrints(klines.slice(half - 10, half + 10)).length;
  const files: readonly (readonly [unit: "ms" | "µs", paths: string[]])[] = [
    ["ms", [await folder.write("spot.csv", textOf(klines))]],
    ["µs", [await folder.write("new.csv", textOf(klines, "µs"))]],
    ["ms", [
      await folder.write(
        "BTCUSDT-1m-2025-01-01.csv.gz",
        gzip(KLINE_HEADER + textOf(klines.slice(0, half + 10))),
      ),
      await folder.write("BTCUSDT-1m-2025-01.zip", await zip({ "a.csv": textOf(klines.slice(half - 10)) })),
    ]],
  ];
  for (const [unit, paths] of files) {
    for (const [options, chosen] of choices) {
      const events = await eventsFrom([...paths, ...OPTIONS, ...options]);
      const reference = computeReference(plainPrints(klines, unit), {
        ...DEFAULTS,
        ...{ short: 3, long: 8, maxDrawdown: "1", bars: "1m" },
        ...chosen,
      });
      const { duplicates: _, ...totals } = reference.totals as unknown as Record<string, unknown>;
      assertSame(events, { ...reference, totals: totals as never }, `${paths} ${options}`);
      assertEquals(events.at(-1)!.duplicates, paths.length === 1 ? 0 : overlap);
      assertEquals((events[0]!.config as { bars: string }).bars, chosen.bars ?? "1m");
    }
  }
});

Deno.test("klines give the bars and the signals of the trades that they were made of", async () => {
  await using folder = new Folder();
  const trades = hours(5, 4_000);
  const single = await folder.write("trades.csv", csvText(trades));
  for (
    const [interval, size] of [[MINUTE, "1m"], [MINUTE, "15m"], [MINUTE / 60, "1m"], [
      5 * MINUTE,
      "5m",
    ]] as const
  ) {
    const path = await folder.write("klines.csv", textOf(klinesOf(trades, interval)));
    assertEquals(await barsOf(path, size, "BTCUSDT"), await barsOf(single, size, "BTCUSDT"));
    const [ofKlines, ofTrades] = await Promise.all(
      [path, single].map((file) => eventsFrom([file, ...OPTIONS, "--bars", size])),
    );
    assertEquals(ofKlines!.at(-1)!.bars, ofTrades!.at(-1)!.bars);
    assertEquals(signalsOf(ofKlines!), signalsOf(ofTrades!));
    assertGreater(signalsOf(ofTrades!).length, 3);
  }
});

/** A row of trades in Binance's public data or a recorded frame; null for another frame. */
function tradeOf(line: string, isFrame: boolean): FileTrade | null {
  if (isFrame) {
    const [, time, price, quantity] = /"p":"([\d.]+)","q":"([\d.]+)".*"T":(\d+)/.exec(line) === null
      ? []
      : [0, /"T":(\d+)/.exec(line)![1], /"p":"([\d.]+)"/.exec(line)![1], /"q":"([\d.]+)"/.exec(line)![1]];
    if (time === undefined || !line.includes('"e":"trade"')) return null;
    return { ...WHATEVER, time: Number(time) * 1000, price: String(price), quantity: String(quantity) };
  }
  const [, price = "", quantity = "", , , time = ""] = line.split(",");
  return /^\d/.test(line) ? { ...WHATEVER, time: Number(time) * 1000, price, quantity } : null;
}
const WHATEVER = { firstId: 0, lastId: 0, buyerIsMaker: false };

const RECORDED = [
  {
    file: "binance_spot_btcusdt_20240808.gz",
    symbol: "BTCUSDT",
    interval: MINUTE / 60,
    options: ["--bars", "10s", "--short", "3", "--long", "10"],
  },
  {
    file: "spot-PEPEUSDT-aggTrades-2024-10-27.zip",
    symbol: "PEPEUSDT",
    interval: MINUTE,
    options: ["--bars", "5m", "--short", "5", "--long", "20", "--lot", "1", "--tick", "0.00000001"],
  },
] as const;

for (const { file, symbol, interval, options } of RECORDED) {
  Deno.test({
    name: `klines made of ${file} give its bars and signals, to the digit`,
    ignore: !isRecorded(file),
    fn: async () => {
      await using folder = new Folder();
      const isFrame = file.endsWith(".gz");
      const lines = isFrame ? await gzipLines(file) : await zipLines(file);
      const trades = lines.flatMap((line) => tradeOf(line, isFrame) ?? []);
      const path = await folder.write("klines.csv", textOf(klinesOf(trades, interval)));
      const size = options[1];
      const bars = await barsOf(path, size, symbol);
      assertEquals(bars, await barsOf(recordedFile(file), size, symbol));
      assertGreater(bars.length, 25);
      const args = [...options, "--symbol", symbol, "--max-drawdown", "99%"];
      const [ofKlines, ofTrades] = await Promise.all(
        [path, recordedFile(file)].map((one) => eventsFrom([one, ...args])),
      );
      assertEquals(signalsOf(ofKlines!), signalsOf(ofTrades!));
      assertGreater(signalsOf(ofTrades!).length, 1);
    },
  });
}

Deno.test("a missing kline is a gap, which empties averages and bars, but one without trades is not", async () => {
  await using folder = new Folder();
  const klines = klinesOf(hours(7, 1_000), MINUTE);
  const at = klines.findIndex((_, at) =>
    at > 50 && klines.slice(at, at + 4).every(({ volume }) => parts(volume) > 0n)
  );
  const path = await folder.write("klines.csv", textOf(klines.toSpliced(at + 1, 2)));
  const events = await eventsFrom([path, ...OPTIONS]);
  const first = 4 * klines[at + 1]!.openTime / MINUTE;
  const gaps = events.filter(({ type }) => type === "gap");
  assertEquals(gaps.map(({ fromId, toId, missing }) => [fromId, toId, missing]), [[first, first + 7, 8]]);
});

Deno.test("a gap reaches to the next print, over klines without trades that follow the missing one", async () => {
  await using folder = new Folder();
  const klines = klinesOf(hours(7, 1_000), MINUTE);
  const at = klines.findIndex((_, at) =>
    at > 50 && klines.slice(at, at + 4).every(({ volume }) => parts(volume) > 0n)
  );
  const { close } = klines[at]!;
  const empty = { ...klines[at + 2]!, open: close, high: close, low: close, close, volume: "0.00000000" };
  const before = { ...klines[at + 1]!, open: close, high: close, low: close, close, volume: "0.00000000" };
  for (
    const [name, changed, gap] of [
      ["after", klines.toSpliced(at + 1, 2, empty), [1, 8]],
      ["before", klines.toSpliced(at + 1, 2, before), [2, 4]],
    ] as const
  ) {
    const path = await folder.write(`${name}.csv`, textOf(changed));
    const events = await eventsFrom([path, ...OPTIONS]);
    const first = 4 * klines[at + gap[0]]!.openTime / MINUTE;
    const gaps = events.filter(({ type }) => type === "gap");
    assertEquals(gaps.map(({ fromId, missing }) => [fromId, missing]), [[first, gap[1]]], name);
  }
});

Deno.test("--bars that do not fit the klines are refused with those that would, and so are files that do not go together", async () => {
  await using folder = new Folder();
  const trades = hours(9, 300);
  const minutes = await folder.write("minutes.csv", KLINE_HEADER + textOf(klinesOf(trades, MINUTE)));
  const fives = await folder.write("fives.csv", textOf(klinesOf(trades, 5 * MINUTE)));
  const single = await folder.write("trades.csv", csvText(trades));
  const configuration = await folder.write("c.json", `{"bars":"30s"}`);
  const cases: readonly (readonly [args: string[], code: number, message: string])[] = [
    [
      [minutes, "--bars", "90s"],
      2,
      `--bars is 90s, and the klines of ${minutes} cover 1m: expected their interval or a ` +
      "whole multiple of it, such as 1m, 5m, 1h",
    ],
    [[minutes, "--bars", "trades"], 2, `--bars is trades, and the klines of ${minutes} cover 1m`],
    [[minutes, "--bars", "100t"], 2, "--bars is 100t, and"],
    [[minutes, "--config", configuration], 2, `"bars" in the configuration file is 30s, and`],
    [[fives, "--bars", "7m"], 2, "such as 5m, 25m, 5h"],
    [
      [minutes, fives],
      3,
      `${fives}: its klines cover 5m, and those of ${minutes} 1m: give klines of one interval`,
    ],
    [
      [minutes, single],
      3,
      `${single}: it holds single trades, and ${minutes} klines: give files of one kind`,
    ],
    [
      [single, minutes],
      3,
      `${minutes}: it holds klines, and ${single} single trades: give files of one kind`,
    ],
  ];
  for (const [args, code, message] of cases) {
    const { code: found, stderr } = await backtest(args);
    assertStringIncludes(stderr, message);
    assertEquals(found, code, stderr);
  }
});

Deno.test("--from and --to cut klines at any of their prints, and --sort puts them in order", async () => {
  await using folder = new Folder();
  const klines = klinesOf(hours(11, 1_000), MINUTE);
  const path = await folder.write("klines.csv", textOf(klines.toReversed()));
  const [from, to] = [klines[20]!.openTime + 25_000_000, klines[90]!.openTime];
  const isoOf = (time: number) => new Date(time / 1000).toISOString();
  const events = await eventsFrom([path, "--sort", ...OPTIONS, "--from", isoOf(from), "--to", isoOf(to)]);
  const inside = plainPrints(klines).filter(({ time }) => time >= from && time < to);
  const reference = computeReference(inside, {
    ...DEFAULTS,
    short: 3,
    long: 8,
    maxDrawdown: "1",
    bars: "1m",
  });
  assertSame(events, reference);
});
