/**
 * How fast Penstock is beside a bot as tutorials in Rust write it (tutorial/): part of `deno task bench`. Both take turns in
 * this run. Penstock reads a CSV file, checks its ids, applies the limits and books exactly; the bot has its messages in
 * memory, and books in doubles. Rates are trades a second of the clock.
 *
 * It needs cargo and some crates, all of which Debian has; without them nothing is measured.
 */
import { BinanceMessageReader } from "../../src/exchanges/binance/binance_message.ts";
import { FrameBatch } from "../../src/formats/frame_batch.ts";
import { fillsOf } from "./csv_fills.ts";
import { makeCsv } from "./make_csv.ts";
import { config, makeMessages, MESSAGES, newPipeline } from "./stream.ts";
import { median, table } from "./table.ts";
import { timed, timedAsync } from "./timing.ts";

const PACKAGES = [
  ...["rustc", "cargo", "librust-tokio+rt-multi-thread-dev", "librust-tokio+sync-dev"],
  ...["librust-serde-json-dev", "librust-serde+derive-dev"],
];
/** Where Debian's packages put the sources of crates. */
const CRATES = "/usr/share/cargo/registry";
const SOURCE = new URL("tutorial/", import.meta.url).pathname;
const TRADES = 2_000_000;
/** The bot takes the messages as often as this. */
const REPEATS = 5;
const ROUNDS = 9;

const folder = Deno.makeTempDirSync({ prefix: "penstock_bench_" });
try {
  if (await isBuilt()) await compare();
  else {
    console.log(`The bot in Rust could not be built, so nothing is compared with it. On Debian, install:
apt-get install --no-install-recommends ${PACKAGES.join(" ")}\n`);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

/** Builds the bot; false if cargo or a crate is missing. */
async function isBuilt(): Promise<boolean> {
  const config = `${folder}/config.toml`;
  Deno.writeTextFileSync(
    config,
    `[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "${CRATES}"\n`,
  );
  for (const name of ["Cargo.toml", "src/main.rs"]) {
    Deno.mkdirSync(`${folder}/tutorial/src`, { recursive: true });
    Deno.copyFileSync(SOURCE + name, `${folder}/tutorial/${name}`);
  }
  try {
    const { success } = await new Deno.Command("cargo", {
      args: ["build", "--release", "--offline", "--quiet", "--config", config],
      cwd: `${folder}/tutorial`,
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function compare(): Promise<void> {
  const messages = makeMessages();
  Deno.writeTextFileSync(`${folder}/messages.txt`, `${messages.join("\n")}\n`.repeat(REPEATS));
  makeCsv(`${folder}/trades.csv`, TRADES);
  const reader = new FrameBatch(new BinanceMessageReader(config.symbol));
  const [loop, tasks, csv, inMemory]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const bot = await botRates();
    loop.push(bot.loop);
    tasks.push(bot.tasks);
    csv.push(TRADES / await timedAsync(() => fillsOf(`${folder}/trades.csv`, true)));
    const run = newPipeline();
    inMemory.push(
      MESSAGES / timed(() => {
        for (const _event of run.run(reader.open(messages)));
      }),
    );
  }
  const perSecond = (rates: readonly number[]): string =>
    `median ${(median(rates) / 1000).toFixed(2)}, best ${(Math.max(...rates) / 1000).toFixed(2)} M/s`;
  const relative = (rates: readonly number[], others: readonly number[]): string =>
    `median ${median(rates.map((rate, round) => rate / others[round]!)).toFixed(2)}, best ÷ best ${
      (Math.max(...rates) / Math.max(...others)).toFixed(2)
    }`;
  table("A bot in Rust as tutorials write it, and Penstock in one thread", [
    ["the bot, messages in memory → fills, one loop", perSecond(loop)],
    ["the bot, three tasks and channels", perSecond(tasks)],
    ["Penstock, CSV file → fills and metrics", perSecond(csv)],
    ["Penstock, messages in memory → fills", perSecond(inMemory)],
    ["CSV, Penstock ÷ the bot's three tasks", relative(csv, tasks)],
    ["CSV, Penstock ÷ the bot's loop", relative(csv, loop)],
    ["messages, Penstock ÷ the bot's three tasks", relative(inMemory, tasks)],
    ["messages, Penstock ÷ the bot's loop", relative(inMemory, loop)],
  ]);
}

/** One round of the bot: messages a ms, of both ways. */
async function botRates(): Promise<{ readonly loop: number; readonly tasks: number }> {
  const { stdout } = await new Deno.Command(`${folder}/tutorial/target/release/tutorial`, {
    args: [`${folder}/messages.txt`, "1"],
    stderr: "inherit",
  }).output();
  const [loop, tasks] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
    const [, seconds, fills] = line.split(" ");
    if (!(Number(fills) > 0)) {
      throw new Error(`the bot printed ${JSON.stringify(line)}, not a time and fills`);
    }
    return MESSAGES * REPEATS / Number(seconds) / 1000;
  });
  return { loop: loop!, tasks: tasks! };
}
