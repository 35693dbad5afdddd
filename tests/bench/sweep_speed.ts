/**
 * How fast a sweep is: part of `deno task bench`. A temporary file holds made-up trades; each line is the same grid with
 * one worker and with two, taken in turn. Run it on a machine that does nothing else.
 *
 *     deno run --allow-all tests/bench/sweep_speed.ts [trades]
 */
import { makeCsv } from "./make_csv.ts";
import { median, table } from "./table.ts";

const TRADES = Number(Deno.args[0] ?? 2_000_000);
const ROUNDS = 3;
const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Grids, from many fills to few. */
const GRIDS = {
  "190 pairs, 5..100:5": ["--short=5..100:5", "--long=5..100:5"],
  "195 pairs, 300..3000, few fills": ["--short=300..1500:100", "--long=1600..3000:100"],
  "190 pairs, bars of a minute": ["--short=5..100:5", "--long=5..100:5", "--bars=1m"],
} as const;

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
try {
  const path = `${folder}/trades.csv`;
  makeCsv(path, TRADES);
  for (const [name, grid] of Object.entries(GRIDS)) {
    const rates: readonly number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const workers of [1, 2]) {
        rates[workers - 1]!.push(await rateOf([path, ...grid, `--workers=${workers}`]));
      }
    }
    const [one, two] = rates as [number[], number[]];
    table(`${name} × ${TRADES} trades`, [
      [
        "one worker",
        `${median(one).toFixed(0)} M trade-configurations/s, best ${Math.max(...one).toFixed(0)}`,
      ],
      [
        "two workers",
        `${median(two).toFixed(0)} M trade-configurations/s, best ${Math.max(...two).toFixed(0)}`,
      ],
      ["two ÷ one", (median(two) / median(one)).toFixed(2)],
    ]);
  }
  const grid = await millisecondsOf(["sweep", path, "--short=20,21", "--long=21", "--workers=1"]);
  const single = await millisecondsOf(["backtest", path]);
  table(`A grid of one × ${TRADES} trades`, [["its time ÷ that of a backtest", (grid / single).toFixed(2)]]);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

/** Millions of trade-configurations a second, as the sweep says. */
async function rateOf(args: readonly string[]): Promise<number> {
  const last = await lastEvent(["sweep", ...args]);
  return last.tradeConfigurationsPerSecond! / 1e6;
}

/** The least of some runs, as the command says. */
async function millisecondsOf(args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push((await lastEvent(args)).elapsedMs);
  return Math.min(...times);
}

async function lastEvent(
  args: readonly string[],
): Promise<{ readonly elapsedMs: number; readonly tradeConfigurationsPerSecond?: number }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "run",
        "--no-prompt",
        "--no-check",
        "--v8-flags=--max-semi-space-size=8,--heap-growing-percent=70",
        `--config=${CONFIG}`,
      ],
      ...["--allow-read", "--allow-write", "--allow-env=TERM", MAIN, ...args, "--json", "--log-level=error"],
    ],
    cwd: folder,
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return JSON.parse(new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!);
}
