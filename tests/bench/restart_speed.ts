/**
 * What a run with windows of a million costs when it resumes: the CPU time of opening its journal and of proving and
 * gathering the closes of 12,000 checkpoints. A signal and a fill come before each checkpoint. Every figure is of a
 * process of its own, one that gathers the closes and one that only opens the journal in turn.
 *
 *     deno run --allow-all tests/bench/restart_speed.ts [checkpoints]
 */
import process from "node:process";
import { Journal } from "../../src/stores/journal/journal.ts";
import { V8_FLAGS } from "../support/penstock.ts";
import { median, table } from "./table.ts";

const WINDOW = 1_000_000;
const ROUNDS = 9;
/** What issue 18 asks of such a restart, ms. */
const ASKED = 200;
const START = 1_723_161_255_342_000;
const ACCOUNT = { cash: "988845.96252907", fees: "10948.42956383", realized: "-10153.52080378" };
const SELF = new URL(import.meta.url).pathname;

const [what = "12000", path = ""] = Deno.args;
if (what === "open" || what === "gather") await measureOne(path, what === "gather");
else await measure(Number(what));

async function measure(checkpoints: number): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
  try {
    const journal = `${folder}/run.db`;
    await make(journal, checkpoints);
    const times = { open: [] as number[], gather: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const part of ["open", "gather"] as const) times[part].push(await cpuMsOf(part, journal));
    }
    const more = times.gather.map((ms, round) => ms - times.open[round]!);
    const least = Math.min(...times.gather) - Math.min(...times.open);
    table(`Resuming from the closes of ${checkpoints} checkpoints, CPU time (${ROUNDS} processes each)`, [
      ["opening the journal", `median ${median(times.open).toFixed(0)} ms`],
      ["the closes", `median ${median(more).toFixed(0)} ms, fastest ${least.toFixed(0)} ms more`],
      ["asked for", `${ASKED} ms`],
      ["a checkpoint", `${(least * 1000 / checkpoints).toFixed(0)} µs`],
    ]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Writes a journal whose checkpoints have a million closes together. */
async function make(path: string, checkpoints: number): Promise<void> {
  await using journal = await Journal.open(path, { now: () => 0, remembers: WINDOW });
  await journal.startRun({ time: START, content: { options: {}, remembers: WINDOW } });
  const each = Math.ceil(WINDOW / checkpoints);
  const fill = { symbol: "BTCUSDT", side: "buy", price: "59302.35", quantity: "0.01686", fee: "0.99983763" };
  for (let at = 0; at < checkpoints; at++) {
    const time = START + at * 1_000_000;
    const trades = (at + 1) * each;
    const state = { trades, gaps: 0, refusals: 0, digest: "15205e946510e573" };
    const values = Array.from({ length: each }, (_, row) => 5_930_000 + (at * each + row) * 7919 % 9973);
    await journal.commit({
      entries: [
        { type: "signal", time, content: { symbol: "BTCUSDT", side: "buy", tradeId: trades } },
        { type: "fill", time, content: { ...fill, tradeId: trades, signalTradeId: trades } },
      ],
      checkpoint: {
        ...{ time, state, account: ACCOUNT, positions: [] },
        closes: { decimals: 2, fresh: at === 0, values },
      },
    });
  }
}

async function cpuMsOf(part: "open" | "gather", path: string): Promise<number> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", V8_FLAGS, "--allow-read", "--allow-write", SELF, part, path],
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`The process ended with ${code}`);
  return Number(new TextDecoder().decode(stdout));
}

/** Prints the CPU time of this process, ms. */
async function measureOne(path: string, gathers: boolean): Promise<void> {
  await using journal = await Journal.open(path, { now: () => 0, remembers: WINDOW });
  await journal.last();
  if (gathers) {
    const { values } = await journal.lastCloses();
    if (values.length !== WINDOW) throw new Error(`Expected ${WINDOW} closes: got ${values.length}`);
  }
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000);
}
