/**
 * `penstock sweep` shows of each configuration what `penstock backtest` shows of it, to the last digit, whatever the
 * number of workers. PENSTOCK_SWEPT sets how many random configurations are compared.
 */
import { assertStringIncludes } from "@std/assert";
import { eventsOf, type PrintedEvent } from "../support/penstock.ts";
import { inProcess } from "../support/in_process.ts";
import { SeededRandom } from "../support/random.ts";
import { sweepEvents } from "../support/sweep_process.ts";
import { sweepHere } from "../support/swept.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import { assertEquals } from "../support/equals.ts";

const RECORDED = "futures-APEUSDT-aggTrades-2024-10-18.zip";
const COMPARED = Number(Deno.env.get("PENSTOCK_SWEPT") ?? 8);
/** The figures of a row that a summary has, and those that its metrics have. */
const TOTALS = [
  ...[
    "trades",
    "signals",
    "fills",
    "refusals",
    "cash",
    "position",
    "equity",
    "fees",
    "realized",
    "maxDrawdown",
  ],
];
const METRICS = ["netProfit", "return", "roundTrips", "winRate", "profitFactor", "sharpe", "sortino"];

/** What a backtest says of the options of a row. */
async function backtestOf(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await inProcess("backtest", "--json", "--log-level=error", ...args);
  assertEquals([code, stderr], [0, ""]);
  const { metrics, halt, ...summary } = eventsOf(stdout).at(-1) as PrintedEvent & {
    readonly metrics: Record<string, unknown>;
    readonly halt: unknown;
  };
  const totals = TOTALS.map((name) => [name, (summary as Record<string, unknown>)[name]]);
  const judged = METRICS.map((name) => [name, metrics[name]]);
  return { ...Object.fromEntries([...totals, ...judged]), halted: halt !== null };
}

/** The same of a row. */
function figuresOf(row: PrintedEvent): Record<string, unknown> {
  const all = row as unknown as Record<string, unknown>;
  return Object.fromEntries([...TOTALS, ...METRICS, "halted"].map((name) => [name, all[name]]));
}

/** The rows of a sweep in this process, as they are printed. */
async function rowsOf(folder: string, words: readonly string[]): Promise<PrintedEvent[]> {
  const { events } = await sweepHere(words, `${folder}/tries.json`);
  return rowsIn(events.map((event) => JSON.parse(JSON.stringify(event))));
}

function optionsOf(row: PrintedEvent): string[] {
  const { options } = row as unknown as { readonly options: Record<string, unknown> };
  return Object.entries(options).map(([name, value]) =>
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${value}`
  );
}

function rowsIn(events: readonly PrintedEvent[]): PrintedEvent[] {
  return events.filter(({ type }) => (type as string) === "configuration");
}

/** Trades of a random walk with gaps, as a CSV. */
function walk(path: string, count: number, seed: number): void {
  const random = new SeededRandom(seed);
  let [text, price, time, id] = ["", 600_000, 1_735_689_600_000, 0];
  for (let trade = 0; trade < count; trade++) {
    id += trade > 0 && random.fraction() < 0.0005 ? 5 : 1;
    price += Math.floor(random.fraction() * 401) - 200;
    time += Math.floor(random.fraction() * 40_000);
    text += `${id},${(price / 100).toFixed(2)},0.5,${price / 200},${time},True,True\n`;
  }
  Deno.writeTextFileSync(path, text);
}

/** Grids that together have every strategy and kind of limit. */
const GRIDS: readonly (readonly string[])[] = [
  ["--short=3..15:4", "--long=8,20..60:20", "--stop-loss=0.5%,2%"],
  ["--bars=trades,1m,50t", "--short=2,5", "--long=9,30", "--stake=1000,50%", "--max-drawdown=1%,20%"],
  ["--strategy=rsi", "--period=5..15:5", "--below=25,35", "--bars=30s,1m"],
  ["--average=ema,sma", "--short=4,9", "--long=12,25", "--take-profit=1%", "--trailing-stop=0.5%,1%"],
  ["--strategy=donchian,bollinger,hold", "--bars=1m", "--fee=0,0.1%", "--latency=0,250", "--slippage=0,5"],
  ["--fill=signal,next", "--max-orders=5/1h,50/1m", "--cooldown=30s,5m", "--on-halt=hold,flatten"],
  ["--max-daily-loss=0.5%,3%", "--min-notional=5,500", "--lot=0.001,1", "--short=5", "--long=20"],
  ["--participation=10%,50%", "--order-ttl=1s,1m", "--max-position=500,5000", "--short=5", "--long=20"],
  ["--participation=0.5%,2%", "--stake=1000,100%", "--stop-loss=2%", "--short=5", "--long=20"],
];

Deno.test("each row of a sweep is the backtest of its options, to the last digit", () =>
  inFolder(async (folder) => {
    const random = new SeededRandom(3);
    for (let compared = 0, seed = 7; compared < COMPARED; seed++) {
      walk(`${folder}/walk.csv`, 3_000, seed);
      const files = [`${folder}/walk.csv`];
      for (const grid of GRIDS) {
        const row = random.pick(await rowsOf(folder, [...files, ...grid, "--workers=1"]));
        const fixed = grid.filter((arg) => !/,|\.\./.test(arg));
        const single = await backtestOf([...files, ...fixed, ...optionsOf(row)]);
        assertEquals(figuresOf(row), single, `seed ${seed}: ${fixed} ${optionsOf(row)}`);
        compared++;
      }
    }
  }));

Deno.test({
  name: "rows over recorded trades are backtests too, and one, two and four workers find the same",
  ignore: !isRecorded(RECORDED),
  fn: () =>
    inFolder(async (folder) => {
      const args = [
        recordedFile(RECORDED),
        "--symbol=APEUSDT",
        "--tick=0.0001",
        "--lot=0.1",
        "--stop-after=20000",
      ];
      const random = new SeededRandom(5);
      for (let compared = 0; compared < COMPARED / 8;) {
        const [short, long] = [random.whole(2, 20), random.whole(25, 120)];
        const grid = [
          ...[
            `--short=${short},${short + random.whole(1, 4)}`,
            `--long=${long},${long + random.whole(1, 30)}`,
          ],
          ...[
            `--bars=trades,${random.pick(["10s", "1m", "20t"])}`,
            `--stop-loss=${random.whole(1, 9) / 10}%`,
          ],
        ];
        const found = [];
        for (const workers of compared === 0 ? [1, 2, 4] : [2]) {
          found.push(await rowsOf(folder, [...args, ...grid, `--workers=${workers}`]));
        }
        for (const rows of found.slice(1)) assertEquals(rows, found[0]);
        for (const row of compared === 0 ? found[0]!.slice(3, 5) : found[0]!) {
          assertEquals(
            figuresOf(row),
            await backtestOf([...args, grid[3]!, ...optionsOf(row)]),
            `${optionsOf(row)}`,
          );
          compared++;
        }
      }
    }),
});

Deno.test("a sweep counts combinations that no run accepts, and refuses a grid of nothing else or of too many", () =>
  inFolder(async (folder) => {
    walk(`${folder}/walk.csv`, 500, 1);
    // In its own process, as a user starts it.
    const events = await sweepEvents([`${folder}/walk.csv`, "--short=10,30", "--long=20,40"]);
    assertEquals(rowsIn(events).map((row) => optionsOf(row).join()), [
      ..."--short=10,--long=20 --short=10,--long=40 --short=30,--long=40".split(" "),
    ]);
    assertEquals((events.at(-1) as unknown as { refused: number }).refused, 1);
    const refusals = [
      [["--short=50,60", "--long=20,40"], "none of the 4 configurations"],
      [
        ["--short=1..2000:1", "--long=2..2001:1"],
        "the grid has 4000000 configurations: expected up to 1000000",
      ],
      [["--short=20..5:5"], `--short is "20..5:5": expected a range from a smaller value to a larger one`],
      [["--short=5,x"], `--short is "5,x": expected a whole number from 1 to 999999`],
    ] as const;
    for (const [args, message] of refusals) {
      const { code, stderr } = await inProcess("sweep", `${folder}/missing.csv`, ...args);
      assertEquals(code, 2);
      assertStringIncludes(stderr, message);
    }
  }));
