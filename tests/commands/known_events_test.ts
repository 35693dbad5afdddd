/**
 * Digests of events that never change: after any rewrite, the same input must give the same bytes. If a digest changes
 * on purpose, `PENSTOCK_DIGESTS=show` prints the new one.
 */
import { assertEquals } from "@std/assert";
import { inProcess } from "../support/in_process.ts";
import { eventsOf } from "../support/penstock.ts";
import { finishHere } from "../support/program_here.ts";
import { SeededRandom } from "../support/random.ts";
import { inFolder } from "../stores/sample_journal.ts";
import { isRecorded, recordedFile } from "../support/recorded_data.ts";
import { backtest } from "./backtest_run.ts";

/** The recording of a run with many faults, halted and released while it ran. */
const KNOWN_RUN = new URL("known_run/recording.txt.gz", import.meta.url).pathname;

/** Its journal. */
const KNOWN_JOURNAL = new URL("known_run/journal.db.gz", import.meta.url).pathname;

interface Known {
  readonly what: string;
  readonly options: readonly string[];
  readonly files: readonly string[];
  /** The first 16 hexadecimal digits of the events' SHA-256. */
  readonly digest: string;
}

const LIMITS = [
  "--max-daily-loss=0.5%",
  "--on-halt=flatten",
  "--max-orders=5/1m",
  "--cooldown=10s",
  "--stop-loss=0.05%",
  "--take-profit=0.1%",
];
const SLOW = ["--latency=250ms", "--slippage=1.5", "--participation=10%", "--order-ttl=5s"];
const SMALL_COINS = ["--lot=1", "--tick=0.00000001", "--max-drawdown=99%", "--models"];

const RECORDED: readonly Known[] = [
  {
    what: "two recordings of BTCUSDT",
    options: [],
    files: ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"],
    digest: "be8fc646fffb5406",
  },
  {
    what: "two recordings of BTCUSDT with many limits",
    options: [...LIMITS, ...SLOW, "--short=5", "--long=15"],
    files: ["binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"],
    digest: "b0c66968b66e6420",
  },
  {
    what: "the PEPEUSDT aggregates with three fill models",
    options: ["--symbol=PEPEUSDT", ...SMALL_COINS],
    files: ["spot-PEPEUSDT-aggTrades-2024-10-27.zip"],
    digest: "458e31ad2aba22d7",
  },
  {
    what: "the APEUSDT futures aggregates, which have a gap",
    options: ["--symbol=APEUSDT", "--lot=1", "--tick=0.0001", ...SLOW],
    files: ["futures-APEUSDT-aggTrades-2024-10-18.zip"],
    digest: "8761167eaad3fd37",
  },
  {
    what: "rows that have to be sorted",
    options: ["--sort", "--short=1", "--long=3"],
    files: ["cases/interleaved.csv"],
    digest: "485584888050a097",
  },
  {
    what: "skipped rows",
    options: ["--skip-bad", "--short=1", "--long=3"],
    files: ["cases/zero_quantity_rows.csv"],
    digest: "5b38c89e1167ab4c",
  },
  {
    what: "the parts of an archive",
    options: ["--sort", "--short=1", "--long=3"],
    files: ["cases/parts_1_to_12.zip"],
    digest: "1d5d8ccf6f80d77f",
  },
];

const OWN: readonly Known[] = [
  {
    what: "a run with many faults",
    options: ["--short=3", "--long=9"],
    files: [KNOWN_RUN],
    digest: "bf90b9aebca65e0a",
  },
  {
    what: "a run with many faults and many limits",
    options: ["--short=2", "--long=5", ...LIMITS, ...SLOW, "--models"],
    files: [KNOWN_RUN],
    digest: "54c94d6c1fca0bc7",
  },
];

for (const { what, options, files, digest } of RECORDED) {
  Deno.test({
    name: `penstock backtest still gives the same events for ${what}`,
    ignore: !isRecorded(...files),
    fn: () => assertKnown([...options, ...files.map(recordedFile)], digest, what),
  });
}

for (const { what, options, files, digest } of OWN) {
  Deno.test(`penstock backtest still gives the same events for ${what}`, () =>
    assertKnown([...options, ...files], digest, what));
}

Deno.test("penstock backtest still gives the same events for a random walk with random options", () =>
  inFolder(async (folder) => {
    const path = `${folder}/walk.csv`;
    Deno.writeTextFileSync(path, randomWalk(new SeededRandom(17), 20_000));
    const found: string[] = [];
    for (let seed = 1; seed <= RANDOM_DIGESTS.length; seed++) {
      found.push(await digestOf([...randomOptions(new SeededRandom(seed)), path]));
    }
    show("a random walk", found);
    assertEquals(found, RANDOM_DIGESTS);
  }));

/** The digests of the random walk, with the options of seeds from 1 on. */
const RANDOM_DIGESTS = [
  "ccdee9d37c811f1a",
  "27c1b1613f1cc695",
  "35e9694857aadf9e",
  "a98a7f9101ca387a",
  "d5814bf93c648c7b",
  "3281b31046738f54",
];

Deno.test("penstock verify proves an earlier version's journal, and status and export read it", () =>
  inFolder(async (folder) => {
    const journal = `${folder}/run.db`;
    const compressed = new Blob([Deno.readFileSync(KNOWN_JOURNAL)]).stream();
    await Deno.writeFile(journal, compressed.pipeThrough(new DecompressionStream("gzip")));
    const verified = await inProcess("verify", journal, KNOWN_RUN);
    assertEquals(verified.code, 0, verified.stdout + verified.stderr);
    const status = await inProcess("status", "--json", journal);
    assertEquals([status.code, status.stderr], [0, ""]);
    const { trades, fills } = JSON.parse(status.stdout);
    assertEquals([trades, fills], [2_500, 107]);
    const exported = await inProcess("export", journal);
    assertEquals([exported.code, exported.stdout.split("\n").length], [0, 108]);
  }));

Deno.test("penstock demo still gives the same decisions for the same seed", async () => {
  const { code, stdout, stderr } = await finishHere(
    ...["demo", "--json", "--speed=max", "--stop-after=20000", "--log-level=error", "--seed=17"],
    ...["--short=5", "--long=15", "--stop-loss=0.01%", "--slippage=1"],
  );
  assertEquals([code, stderr], [0, ""]);
  const decisions = eventsOf(stdout).filter(({ type }) => ["gap", "signal", "refusal", "fill"].includes(type))
    .map(({ time: _, ...decision }) => decision);
  const digest = await sha256(decisions.map((decision) => JSON.stringify(decision)).join("\n"));
  show("demo", digest);
  assertEquals(digest, DEMO_DIGEST);
});

/** The digest of the decisions alone, because the times are those of the day. */
const DEMO_DIGEST = "cfd9567d1aec2628";

async function assertKnown(args: readonly string[], digest: string, what: string): Promise<void> {
  const found = await digestOf(args);
  show(what, found);
  assertEquals(found, digest, what);
}

/** The digest of a backtest's events except `started`, which names the version, without what differs between runs. */
async function digestOf(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await backtest(["--json", ...args]);
  assertEquals([code, stderr], [0, ""], args.join(" "));
  // Rejections name the file.
  const lines = stdout.replaceAll(recordedFile(""), "").split("\n");
  const events = lines.filter((line) => !line.includes(`"type":"started"`)).join("\n");
  return await sha256(events.replace(/"elapsedMs":\d+,"tradesPerSecond":\d+/, ""));
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

function show(what: string, found: unknown): void {
  if (Deno.env.get("PENSTOCK_DIGESTS") === "show") console.log(what, found);
}

/** Rows as Binance publishes trades, with gaps in the ids, trades at the same time and prices that gain decimals. */
function randomWalk(random: SeededRandom, rows: number): string {
  let [id, time, cents] = [1_000, 1_700_000_000_000, 6_000_000];
  let text = "";
  for (let row = 0; row < rows; row++) {
    id += random.fraction() < 0.0005 ? random.whole(2, 40) : 1;
    time += random.fraction() < 0.3 ? 0 : random.whole(1, 2_000);
    cents += random.whole(-400, 400);
    const price = (cents / 100).toFixed(2) + (random.fraction() < 0.01 ? random.whole(1, 9) : "");
    const quantity = (random.whole(1, 90_000) / 100_000).toFixed(5);
    text += `${id},${price},${quantity},${price},${time},${
      random.fraction() < 0.5 ? "True" : "False"
    },True\n`;
  }
  return text;
}

function randomOptions(random: SeededRandom): string[] {
  const short = random.whole(1, 12);
  const choose = (...choices: readonly string[]): string[] => {
    const chosen = random.pick(["", ...choices]);
    return chosen === "" ? [] : [chosen];
  };
  return [
    `--short=${short}`,
    `--long=${short + random.whole(1, 40)}`,
    ...choose("--stake=50%", "--stake=333.33", "--stake=9999"),
    ...choose("--fee=0", "--fee=0.1%", "--fee=0.00123"),
    ...choose("--slippage=2.5", "--slippage=10"),
    ...choose("--latency=1500ms", "--latency=5s"),
    ...choose("--max-drawdown=5%", "--max-drawdown=40%"),
    ...choose("--max-daily-loss=1%", "--max-daily-loss=10%"),
    ...choose("--on-halt=flatten"),
    ...choose("--max-position=1500"),
    ...choose("--max-orders=4/10m"),
    ...choose("--cooldown=5m"),
    ...choose("--participation=20%"),
    ...choose("--order-ttl=10s"),
    ...choose("--stop-loss=0.3%"),
    ...choose("--take-profit=0.4%"),
    ...choose("--models"),
  ];
}
